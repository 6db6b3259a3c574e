// What a task has beside its row: the files that it was sent and leaves, and its log, which is followed while it runs.

import { call, persist, told, ApiError } from './api.js';
import { changed } from './live.js';
import { $, busily, element, save, setText, show, toast } from './dom.js';

const WAIT = 20;
const UNITS = ['bytes', 'KiB', 'MiB'];
const FAILURE = /^(\S+) \[(\d+)\] The attempt failed: (.*(?:\n  .*)*)/gm;
let log = { id: null, offset: 0, controller: null, failures: [] };

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

const download = (path, name) => told(async () => save((await persist(() => call('GET', path, { as: 'blob' }))).body, name));

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
    log = { id, offset: 0, controller: null, failures: [] };
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

// The attempts that have failed, with when and why, as far as the log has been read.
export const failures = () => log.failures;

// Follows the end, unless the reader has scrolled up.
function append(text) {
  const box = $('detail-log');
  const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 8;
  box.append(text);
  if (isAtEnd) box.scrollTop = box.scrollHeight;
  // What the log gets at a time is whole lines.
  const failed = [...text.matchAll(FAILURE)].map(([, at, attempt, error]) => ({ at, attempt: Number(attempt), error }));
  log.failures.push(...failed);
  if (failed.length > 0) changed();
}
