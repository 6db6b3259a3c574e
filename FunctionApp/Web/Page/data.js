// What a task has beside its row: the files that it was sent and leaves, and its log, which is followed while it runs.

import { call, persist, ApiError } from './api.js';
import { $, busily, element, setText, show, toast } from './dom.js';

const WAIT = 20;
const UNITS = ['bytes', 'KiB', 'MiB'];
let log = { id: null, offset: 0, controller: null };

export function renderFiles(task) {
  const files = [
    [task.input_file, 'input'], [task.result_file, null], ...(task.files ?? []).map(file => [file, `files/${file.name}`]),
  ].filter(([file]) => file);
  show($('detail-files-part'), files.length > 0);
  const list = $('detail-files');
  const state = JSON.stringify(files);
  if (list.dataset.state === state) return;
  list.dataset.state = state;
  list.replaceChildren(...files.map(([file, path]) => {
    const link = element('a', '', file.name);
    // A proxy may show the service under a path of its own, of which the service need not know.
    link.href = path === null ? `${task.kind}/${task.task_id}` : `tasks/${task.task_id}/${path}`;
    link.addEventListener('click', event => { event.preventDefault(); busily(link, () => download(link.href, file.name)); });
    return element('li', '', link, element('span', 'message', ` ${size(file.size)}`));
  }));
}

// A link cannot send the key: so the page asks, and saves what comes.
async function download(path, name) {
  try {
    const { body } = await persist(() => call('GET', path, { as: 'blob' }));
    const link = element('a');
    link.href = URL.createObjectURL(body);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message, true);
  }
}

function size(bytes) {
  let unit = 0;
  while (bytes >= 1024 && unit < UNITS.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${UNITS[unit]}`;
}

// Shows the log of the task that is shown, or (null) none, and follows it.
export function renderLog(task) {
  const id = task?.task_id ?? null;
  if (log.id !== id) {
    log.controller?.abort();
    log = { id, offset: 0, controller: null };
    setText($('detail-log'), '');
  }
  show($('detail-log-part'), task?.log_size > 0);
  if (!task || log.controller || document.hidden || log.offset >= task.log_size) return;
  const followed = log;
  followed.controller = new AbortController();
  follow(followed, followed.controller.signal).catch(error => {
    if (followed.controller.signal.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 404) toast(error.message, true);
  }).finally(() => { followed.controller = null; });
}

async function follow(followed, signal) {
  for (let isEnd = false; !isEnd;) {
    const headers = followed.offset > 0 ? { Prefer: `wait=${WAIT}` } : {};
    const answer = await persist(
      () => call('GET', `tasks/${followed.id}/log?offset=${followed.offset}`, { as: 'text', headers, signal }), signal);
    signal.throwIfAborted();
    followed.offset = Number(answer.headers.get('Next-Offset'));
    append(answer.body);
    // Without news the service does not wait at the moment, or the task is quiet: its row tells when there is more.
    isEnd = answer.body === '' || !answer.headers.has('Retry-After') || document.hidden;
  }
}

// Follows the end, unless the reader has scrolled up.
function append(text) {
  const box = $('detail-log');
  const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 8;
  box.append(text);
  if (isAtEnd) box.scrollTop = box.scrollHeight;
}
