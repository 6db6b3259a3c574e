// Small helpers around the document.

export const $ = id => document.getElementById(id);

// Changes the document only where it differs, so that a screen reader and the browser have nothing to do.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  element.hidden = !visible;
}

export function element(tag, className, ...children) {
  const created = document.createElement(tag);
  if (className) created.className = className;
  created.append(...children);
  return created;
}

// For screen readers; what comes within a moment is read as one.
let pending = [];
export function announce(text) {
  pending.push(text);
  if (pending.length > 1) return;
  setTimeout(() => {
    $('announcer').textContent = pending.length > 3 ? `${pending.length} tasks have changed.` : pending.join(' ');
    pending = [];
  }, 500);
}

let toastTimer;
export function toast(text, isError = false) {
  const box = $('toast');
  box.textContent = text;
  box.classList.toggle('bad', isError);
  box.classList.add('shown');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove('shown'), isError ? 10_000 : 4_000);
}

// Resolves to whether the answer is yes.
export function ask(question) {
  const dialog = $('question');
  $('question-title').textContent = question;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }));
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast('Copied.');
  } catch {
    // Without https the browser gives no clipboard; nor does it where the user has refused.
    toast('The browser does not allow copying here.', true);
  }
}

// Does what a button is for, once at a time.
export async function busily(button, act) {
  if (button.getAttribute('aria-busy') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  try {
    await act();
  } finally {
    button.removeAttribute('aria-busy');
  }
}

// Ends early when the signal comes.
export const sleep = (milliseconds, signal) => new Promise(resolve => {
  const timer = setTimeout(end, milliseconds);
  signal?.addEventListener('abort', end);
  function end() {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    resolve();
  }
});
