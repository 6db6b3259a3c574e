// What runs and waits now, and how many tasks have ended in each minute of the last hour.

import * as live from './live.js';
import { now, told } from './api.js';
import { $, setText } from './dom.js';
import { duration } from './format.js';

const MINUTES = 60;
const MINUTE = 60_000;
// Of the tasks of an hour; a hundred are a request, which is sent only when somebody opens this.
const MOST = 500;
const STEP = 4;
const HEIGHT = 40;
let isAll = true;

export function startHour() {
  $('hour').addEventListener('toggle', () => told(async () => {
    if ($('hour').open) ({ isAll } = await live.learn(`tasks?limit=100&created_after=${new Date(now() - MINUTES * MINUTE).toISOString()}`, MOST));
    live.changed();
  }));
}

export function renderHour(isFiltered) {
  setText($('hour-now'), isFiltered || !live.isLoaded() ? 'Last hour' : `Last hour; ${atWork()}`);
  if ($('hour').open) renderChart();
}

// Of what is listed: if there is more, others may run too, and wait for longer.
function atWork() {
  const [some, least] = live.hasMore() ? ['+', 'at least '] : ['', ''];
  const listed = live.list();
  const running = listed.filter(task => task.status === 'Running').length;
  const waits = listed.filter(task => task.status === 'Pending').map(task => now() - Date.parse(task.start_at ?? task.created_at));
  return `${running}${some} running${waits.length > 0 ? `, the oldest pending for ${least}${duration(Math.max(...waits))}` : ''}`;
}

function renderChart() {
  const minutes = Array.from({ length: MINUTES }, () => ({ ended: 0, failed: 0 }));
  for (const { status, ended_at: end } of live.tasks.values()) {
    const minute = end && minutes[MINUTES - 1 - Math.floor(Math.max(0, now() - Date.parse(end)) / MINUTE)];
    if (minute) minute.ended++;
    if (minute && status === 'Failed') minute.failed++;
  }
  const sum = name => minutes.reduce((all, minute) => all + minute[name], 0).toLocaleString();
  const most = Math.max(1, ...minutes.map(minute => minute.ended));
  const text = `${sum('ended')} ended, ${sum('failed')} of them failed; at most ${most.toLocaleString()} in a minute. Counted are `
    + `${isAll ? 'the tasks' : `the ${MOST} newest tasks`} that were created in the hour, and what else this page has seen.`;
  setText($('hour-text'), text);
  const state = JSON.stringify(minutes);
  if ($('hour-chart').dataset.state === state) return;
  $('hour-chart').dataset.state = state;
  $('hour-chart').replaceChildren(...minutes.flatMap(({ ended, failed }, i) => [bar(i, ended / most, 'ended'), bar(i, failed / most, 'failed')]));
}

function bar(i, share, name) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  const attributes = { class: name, x: i * STEP, y: HEIGHT * (1 - share), width: STEP - 1, height: HEIGHT * share };
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}
