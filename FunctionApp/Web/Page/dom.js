// Small helpers around the document.

export const $ = id => document.getElementById(id);

// Changes the document only where it differs, so that a screen reader and the browser have nothing to do.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
  return text;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
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

// Resolves to whether the answer is yes: the button that says what will be done.
export function ask(question, consequence, yes) {
  const dialog = $('question');
  setText($('question-title'), question);
  setText($('question-text'), consequence);
  setText($('question-yes'), yes);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }));
}

// Saves what came as an answer: a link could not send the key.
export function save(content, name) {
  const link = element('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
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

// A button that cannot be used now stays where it is, and keeps the focus.
export function enable(button, isEnabled) {
  button.setAttribute('aria-disabled', String(!isEnabled));
}

// Does what a button is for, once at a time.
export async function busily(button, act) {
  if (button.getAttribute('aria-busy') === 'true' || button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  try {
    await act();
  } finally {
    button.removeAttribute('aria-busy');
  }
}

// The second click of a double click is not meant for what the first one has brought about.
document.addEventListener('click', event => {
  if (event.detail < 2 || !event.target.closest('button, .button')) return;
  event.preventDefault();
  event.stopPropagation();
}, true);

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
