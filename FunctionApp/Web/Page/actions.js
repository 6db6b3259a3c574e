// What can be done to a task.

import { call, now, told, ApiError } from './api.js';
import { put, remove, refresh, tasks } from './live.js';
import { $, ask, setText, show, toast } from './dom.js';
import { duration, ended, runTime, shortId } from './format.js';

// Work of so many milliseconds is not thrown away by one click.
const LONG = 60_000;

export async function cancel(id) {
  const ran = runTime(tasks.get(id), now());
  if (ran > LONG && !await ask(`Cancel the task ${shortId(id)}?`, `It has run for ${duration(ran)}, and would have to begin anew.`, 'Cancel it')) return;
  await report(id, async () => {
    put((await call('POST', `tasks/${id}/cancel`)).body);
    toast(`Task ${shortId(id)} was canceled.`);
  });
}

// then(newId) is called if there is a new task.
export function retry(id, then, query = '') {
  return report(id, async () => {
    const { body } = await call('POST', `tasks/${id}/retry${query}`, { headers: { 'Idempotency-Key': newKey() } });
    toast(`Task ${shortId(body.task_id)} was submitted, as a retry.`);
    refresh();
    then(body.task_id);
  });
}

export function sendWebhook(id) {
  return report(id, async () => {
    await call('POST', `tasks/${id}/webhook`);
    toast('The webhook is being sent.');
    put((await call('GET', `tasks/${id}`)).body);
  });
}

// then() is called if it is gone.
export async function deleteOne(id, then) {
  if (!await ask(`Delete the task ${shortId(id)}?`, 'This cannot be undone.', 'Delete')) return;
  await report(id, async () => {
    await call('DELETE', `tasks/${id}`);
    remove(id);
    refresh();
    toast(`Task ${shortId(id)} was deleted.`);
    then();
  });
}

export async function cancelAll(ids) {
  const open = ids.filter(id => !ended(tasks.get(id)));
  if (open.length > 1 && !await ask(`Cancel ${open.length} tasks?`, 'Each can be retried, from its beginning.', 'Cancel them')) return;
  await each(open, 'canceled', async id => put((await call('POST', `tasks/${id}/cancel`)).body));
}

export async function retryAll(ids) {
  const gone = ids.filter(id => ended(tasks.get(id)));
  if (gone.length > 1 && !await ask(`Retry ${gone.length} tasks?`, 'Each is submitted again, as a new task.', 'Retry them')) return;
  await each(gone, 'retried', id => call('POST', `tasks/${id}/retry`, { headers: { 'Idempotency-Key': newKey() } }));
}

export async function deleteAll(ids) {
  const gone = ids.filter(id => ended(tasks.get(id)));
  const what = gone.length === 1 ? `the task ${shortId(gone[0])}` : `${gone.length} tasks`;
  if (!await ask(`Delete ${what}?`, 'This cannot be undone.', 'Delete')) return;
  await each(gone, 'deleted', async id => {
    await call('DELETE', `tasks/${id}`);
    remove(id);
  });
}

// A few at a time: a browser keeps six connections to a host of HTTP/1.1, and a hundred tasks are no burst.
async function each(ids, what, act) {
  let done = 0;
  let failure;
  const waiting = [...ids];
  const work = async () => {
    while (waiting.length > 0) {
      try {
        await act(waiting.shift());
        done++;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        failure = error;
        if (error.isOutage) waiting.length = 0;
      }
      showBulk(done, ids.length);
    }
  };
  showBulk(0, ids.length);
  try {
    await Promise.all([work(), work(), work()]);
  } finally {
    show($('bulk'), false);
  }
  refresh();
  const count = `${done} ${done === 1 ? 'task' : 'tasks'} ${what}.`;
  toast(failure ? `${count} ${ids.length - done} not: ${failure.message}` : count, failure !== undefined);
}

function showBulk(done, count) {
  show($('bulk'), count > 1);
  $('bulk-progress').max = count;
  $('bulk-progress').value = done;
  setText($('bulk-text'), `${done} of ${count}`);
}

const report = (id, act) => told(act, async error => {
  // Whether the service is there at all the list finds out.
  if (error.isOutage) refresh();
  // What the page shows of the task is not so any more.
  if (error.status === 404) remove(id);
  if (error.status === 409) await report(id, async () => put((await call('GET', `tasks/${id}`)).body));
});

// crypto.randomUUID exists with https only.
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
