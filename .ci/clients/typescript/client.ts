// What a caller does, with the types that openapi-typescript generates: submit, wait, result, a 400, cancel, the pages of a list, a batch.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './obj/api.js';

const client = createClient<paths>({ baseUrl: process.argv[2]! });

const { data: accepted } = await client.POST('/multiply', {
  params: { header: { Prefer: 'wait=30' }, query: { label: 'TypeScript' } }, body: { x: 6, y: 7 },
});
assert(accepted);
assert.equal(accepted.status, 'Succeeded');
const ofTask = { path: { task_id: accepted.task_id } };
assert.equal((await client.GET('/multiply/{task_id}', { params: ofTask })).data?.result, 42);
const { data: task } = await client.GET('/tasks/{task_id}', { params: { ...ofTask, header: { Prefer: 'wait=30' } } });
assert.deepEqual([task?.label, task?.status, task?.progress, task?.webhook, task?.result], ['TypeScript', 'Succeeded', 1, null, 42]);

const { error: refused } = await client.POST('/multiply', { params: { query: { delay: -1, label: '' } }, body: { x: 6, y: 7 } });
assert.equal(refused?.status, 400);
assert.deepEqual(Object.keys(refused.errors ?? {}).sort(), ['delay', 'label']);

const { data: later } = await client.POST('/multiply', { params: { query: { delay: 600, label: 'TypeScript' } }, body: { x: 6, y: 7 } });
assert(later);
const ofLater = { params: { path: { task_id: later.task_id } } };
assert.equal((await client.POST('/tasks/{task_id}/cancel', ofLater)).data?.error?.code, 'canceled');
assert.equal((await client.GET('/multiply/{task_id}', ofLater)).error?.task_status, 'Canceled');

const listed: components['schemas']['TaskView'][] = [];
let cursor: string | undefined;
do {
  const { data: page } = await client.GET('/tasks', { params: { query: { label: 'TypeScript', limit: 1, cursor } } });
  assert(page);
  listed.push(...page.tasks);
  cursor = page.next_cursor ?? undefined;
} while (cursor);
assert.deepEqual(listed.map(one => one.task_id), [later.task_id, accepted.task_id]);

const { data: batch } = await client.POST('/multiply/batch', {
  params: { header: { Prefer: 'wait=30' } }, body: { items: [{ x: 6, y: 7 }, { x: 1e200, y: 1e200 }] },
});
assert(batch);
const { data: results } = await client.GET('/multiply/batch/{task_id}', { params: { path: { task_id: batch.task_id } } });
assert.deepEqual(results?.results.map(item => item.result ?? item.error?.code), [42, 'not_finite']);
console.log('openapi-typescript: passed');
