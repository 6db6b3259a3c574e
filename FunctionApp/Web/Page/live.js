// The tasks that the page knows, kept up to date: the list is asked for now and then, and a few tasks that run are
// watched by requests that wait for a change. All of it rests while the tab is hidden.

import { call, now, persist, setState, ApiError } from './api.js';
import { sleep } from './dom.js';
import { ended } from './format.js';

// A proxy may show the service under a path of its own, of which the service need not know.
const relative = path => path && `tasks${path.slice(path.indexOf('?'))}`;
const PAGE = 20;
const LARGEST_PAGE = 100;
// While nothing happens the list is asked for ever more seldom: each request costs somebody money.
const BUSY_INTERVAL = 2_000;
const IDLE_INTERVAL = 5_000;
const LONGEST_INTERVAL = 60_000;
// A browser keeps six connections to a host of HTTP/1.1; some must be free for what the user does.
const MOST_WATCHES = 3;
const WAIT = 20;

export const tasks = new Map();
let listed = new Set();
let next = null;
let query = new URLSearchParams();
let listening = () => {};
let loaded = false;
let refreshing = new AbortController();
let quiet = 0;
let shown = '';
let asked = 0;
const watches = new Map();
let wanted = () => [];

export const hasMore = () => next !== null;
export const isLoaded = () => loaded;
// IDs sort by time.
export const list = () => [...listed].sort().reverse().map(id => tasks.get(id));

// listener(changed): the tasks that are new or different; wantedFirst(): IDs that are worth a watch, the best first.
export function start(listener, wantedFirst) {
  listening = listener;
  wanted = wantedFirst;
  document.addEventListener('visibilitychange', onVisibility);
  // Whoever comes back to the page sees what is so now.
  for (const sign of ['pointerdown', 'keydown', 'focus']) addEventListener(sign, wake, { capture: true, passive: true });
  onVisibility();
  pollForEver();
}

// Something other than a task has changed what the page shows.
export const changed = () => listening([]);

// Shows other tasks from now on.
export function filter(parameters) {
  query = parameters;
  listed = new Set();
  next = null;
  loaded = false;
  listening([]);
  refresh();
}

function wake() {
  quiet = 0;
  if (performance.now() - asked > IDLE_INTERVAL) refresh();
}

// Asks for the list now: something has been done to it.
export function refresh() {
  quiet = 0;
  refreshing.abort();
  refreshing = new AbortController();
}

export async function more() {
  // A page may be empty although others follow.
  const before = listed.size;
  const asked = query;
  while (next !== null && listed.size === before && query === asked) {
    const { body } = await persist(() => call('GET', next));
    if (query !== asked) return;
    next = relative(body.next);
    take(body.tasks);
  }
}

// Further tasks, which the page knows from then on, but does not list: up to so many, as each hundred costs a request.
export async function learn(path, most) {
  const ids = [];
  while (path !== null && ids.length < most) {
    const { body } = await persist(() => call('GET', path));
    for (const task of body.tasks) {
      const known = tasks.get(task.task_id);
      if (!known || !ended(known)) tasks.set(task.task_id, { ...known, ...task });
      ids.push(task.task_id);
    }
    path = relative(body.next);
  }
  return { ids, isAll: path === null };
}

// Those that are listed, and up to so many others that the filters match.
export async function matching(most) {
  const { ids, isAll } = await learn(next?.replace(/\blimit=\d+/, `limit=${LARGEST_PAGE}`) ?? null, most);
  return { ids: [...list().map(task => task.task_id), ...ids], isAll };
}

// A task as a question for it alone is answered. A list has no inputs and results; those of an earlier answer stay.
export function put(task) {
  const known = tasks.get(task.task_id);
  tasks.set(task.task_id, { ...known, ...task, isWhole: true });
  listening([{ before: known, task: tasks.get(task.task_id) }]);
}

export function remove(id) {
  tasks.delete(id);
  listed.delete(id);
  listening([]);
}

async function pollForEver() {
  for (;;) {
    await visible();
    const { signal } = refreshing;
    asked = performance.now();
    try {
      await poll(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (signal.aborted) continue;
    watch();
    await sleep(interval(), signal);
  }
}

// How long the list may rest: not beyond the next start, and not long while others than the watched ones are under way.
function interval() {
  const known = list();
  const state = known.map(task => `${task.task_id} ${task.status} ${task.progress}`).join();
  quiet = state === shown ? quiet + 1 : 0;
  shown = state;
  const isBusy = listed.size <= LARGEST_PAGE && known.some(task => isWatchable(task) && !watches.has(task.task_id));
  const starts = known.filter(task => task.status === 'Scheduled').map(task => Date.parse(task.start_at) - now());
  return Math.max(BUSY_INTERVAL, Math.min((isBusy ? BUSY_INTERVAL : IDLE_INTERVAL) * 1.5 ** quiet, LONGEST_INTERVAL, ...starts));
}

async function poll(signal) {
  const wantedQuery = query;
  const parameters = new URLSearchParams(query);
  parameters.set('limit', Math.min(LARGEST_PAGE, Math.max(PAGE, Math.ceil(listed.size / PAGE) * PAGE)));
  const got = [];
  let path = `tasks?${parameters}`;
  let oldest;
  let joins;
  do {
    // Whatever is wrong, the next answer may be another one.
    const { body: page } = await persist(() => call('GET', path, { signal }), signal, () => true);
    if (wantedQuery !== query) return;
    got.push(...page.tasks);
    path = relative(page.next);
    oldest = path === null ? '' : got.at(-1)?.task_id ?? '~';
    // Without a task in common there may be others between these and those known.
    joins = loaded && got.some(task => listed.has(task.task_id));
  } while (path !== null && joins && [...listed].some(id => id < oldest && !ended(tasks.get(id))));
  if (!joins) {
    listed = new Set();
    next = path;
  }
  // What should be among these and is not is gone, or is not what the filter asks for any more.
  const ids = new Set(got.map(task => task.task_id));
  for (const id of listed) {
    if (id >= oldest && !ids.has(id)) listed.delete(id);
  }
  loaded = true;
  take(got);
}

function take(page) {
  const changes = page.map(task => {
    const before = tasks.get(task.task_id);
    listed.add(task.task_id);
    // A watch may have been told more since this page was made.
    const isOlder = before && ended(before) && !ended(task);
    if (!isOlder) tasks.set(task.task_id, { ...before, ...task });
    return { before, task: tasks.get(task.task_id) };
  });
  listening(changes);
}

// Watches those that are worth it, and no others.
export function watch() {
  const ids = document.hidden ? [] : wanted().slice(0, MOST_WATCHES);
  for (const [id, controller] of watches) {
    if (!ids.includes(id)) {
      controller.abort();
      watches.delete(id);
    }
  }
  for (const id of ids) {
    if (!watches.has(id)) {
      const controller = new AbortController();
      watches.set(id, controller);
      watchOne(id, controller.signal).catch(error => {
        if (!controller.signal.aborted && !(error instanceof ApiError)) throw error;
      }).finally(() => {
        if (watches.get(id) === controller) watches.delete(id);
      });
    }
  }
}

async function watchOne(id, signal) {
  let etag = null;
  while (!signal.aborted) {
    const begun = performance.now();
    const headers = etag ? { 'Prefer': `wait=${WAIT}`, 'If-None-Match': etag } : {};
    try {
      const answer = await persist(() => call('GET', `tasks/${id}`, { headers, signal }), signal);
      if (answer.status === 200) {
        etag = answer.etag;
        put(answer.body);
        if (!isWatchable(answer.body)) return;
      } else if (performance.now() - begun < 1_000) {
        // The service does not wait at the moment: too many others do.
        await sleep(BUSY_INTERVAL, signal);
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        remove(id);
        return;
      }
      throw error;
    }
    await sleep(100, signal);
  }
}

// Whether news of it may come soon.
export const isWatchable = task =>
  task.status === 'Running' || task.status === 'Pending' || (ended(task) && task.webhook !== null && !task.webhook.done);

function onVisibility() {
  setState({ isPaused: document.hidden });
  if (document.hidden) {
    refreshing.abort();
    watch();
  } else {
    refreshing = new AbortController();
  }
}

function visible() {
  return document.hidden
    ? new Promise(resolve => document.addEventListener('visibilitychange', resolve, { once: true }))
    : Promise.resolve();
}
