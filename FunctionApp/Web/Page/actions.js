// What can be done to a task.

import { call, ApiError } from './api.js';
import { put, remove, refresh, tasks } from './live.js';
import { ask, toast } from './dom.js';
import { ended, shortId } from './format.js';

export function cancel(id) {
  return report(id, async () => {
    put((await call('POST', `tasks/${id}/cancel`)).body);
    toast(`Task ${shortId(id)} was canceled.`);
  });
}

// then(newId) is called if there is a new task.
export function retry(id, then) {
  return report(id, async () => {
    const { body } = await call('POST', `tasks/${id}/retry`, { headers: { 'Idempotency-Key': newKey() } });
    toast(`Task ${shortId(body.task_id)} was submitted, as a retry.`);
    refresh();
    then(body.task_id);
  });
}

// then() is called if it is gone.
export async function deleteOne(id, then) {
  if (!await ask(`Delete the task ${shortId(id)}?`)) return;
  await report(id, async () => {
    await call('DELETE', `tasks/${id}`);
    remove(id);
    refresh();
    toast(`Task ${shortId(id)} was deleted.`);
    then();
  });
}

export async function cancelAll(ids) {
  await each(ids.filter(id => !ended(tasks.get(id))), 'canceled', async id => put((await call('POST', `tasks/${id}/cancel`)).body));
}

export async function deleteAll(ids) {
  const gone = ids.filter(id => ended(tasks.get(id)));
  if (!await ask(gone.length === 1 ? `Delete the task ${shortId(gone[0])}?` : `Delete ${gone.length} tasks?`)) return;
  await each(gone, 'deleted', async id => {
    await call('DELETE', `tasks/${id}`);
    remove(id);
  });
}

// One after another, so that a hundred selected ones are no burst.
async function each(ids, what, act) {
  let done = 0;
  let failure;
  for (const id of ids) {
    try {
      await act(id);
      done++;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      failure = error;
      if (error.isOutage) break;
    }
  }
  refresh();
  const count = `${done} ${done === 1 ? 'task' : 'tasks'} ${what}.`;
  toast(failure ? `${count} ${ids.length - done} not: ${failure.message}` : count, failure !== undefined);
}

async function report(id, act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message, true);
    // What the page shows of the task is not so any more.
    if (error.status === 404) remove(id);
    if (error.status === 409) await report(id, async () => put((await call('GET', `tasks/${id}`)).body));
  }
}

// crypto.randomUUID exists with https only.
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
