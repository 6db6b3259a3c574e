// Puts the parts together. The address says what is shown: the filters, and the task that is open.

import * as live from './live.js';
import * as detail from './detail.js';
import * as list from './list.js';
import { now, startKeyForm } from './api.js';
import { fill, startSubmitForm } from './submit.js';
import { $, announce, setText, show } from './dom.js';
import { shortId, shownStatus, useUtc } from './format.js';

// Where the stylesheet puts a task beside the list.
const WIDE = '(min-width: 48rem)';
const SPANS = { '1h': 3_600_000, '1d': 86_400_000, '7d': 604_800_000 };
const FILTERS = {
  status: value => [...$('filters').elements.status].some(box => box.value === value),
  kind: value => value !== '',
  since: value => value in SPANS || value === 'range',
  from: value => !Number.isNaN(Date.parse(value)),
  to: value => !Number.isNaN(Date.parse(value)),
  label: value => value !== '',
};
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

let openId = null;
let shownFilter = null;

const address = () => new URLSearchParams(location.search);
const place = parameters => location.pathname + (parameters.size ? `?${parameters}` : '');

function addressOf(id) {
  const parameters = address();
  parameters.delete('task');
  if (id) parameters.set('task', id);
  return place(parameters);
}

function go(to) {
  if (to !== location.pathname + location.search) history.pushState(null, '', to);
  apply();
}

function open(id) {
  go(addressOf(id));
  $('detail-title').focus({ preventScroll: matchMedia(WIDE).matches });
}

function close() {
  const closed = openId;
  go(addressOf(null));
  ($('rows').querySelector(`[data-id="${CSS.escape(closed)}"] .open`) ?? $('list')).focus();
}

// Makes the page what the address says.
function apply() {
  const parameters = address();
  const filter = new URLSearchParams([...parameters].filter(([name, value]) => FILTERS[name]?.(value)));
  if (filter.toString() !== shownFilter) {
    shownFilter = filter.toString();
    showFilter(filter);
    const query = new URLSearchParams(filter);
    for (const name of ['since', 'from', 'to']) query.delete(name);
    const from = filter.get('since') in SPANS ? now() - SPANS[filter.get('since')] : filter.get('from');
    if (from) query.set('created_after', new Date(from).toISOString());
    if (filter.has('to')) query.set('created_before', new Date(filter.get('to')).toISOString());
    if (filter.has('label')) query.set('label', `${filter.get('label').replace(/\*$/, '')}*`);
    list.setFiltered(filter.size > 0);
    live.filter(query);
  }
  const task = parameters.get('task');
  if (task !== openId) {
    openId = task;
    detail.showTask(task);
  }
  list.render(openId);
  live.watch();
}

function showFilter(filter) {
  const form = $('filters');
  for (const box of form.elements.status) box.checked = filter.getAll('status').includes(box.value);
  for (const name of ['kind', 'since']) {
    const value = filter.get(name) ?? '';
    if (![...form.elements[name].options].some(option => option.value === value)) form.elements[name].add(new Option(value));
    form.elements[name].value = value;
  }
  for (const name of ['from', 'to', 'label']) form.elements[name].value = filter.get(name) ?? '';
  show($('range'), filter.get('since') === 'range');
  show($('clear-filters'), filter.size > 0);
  $('list-title').textContent = filter.size > 0 ? 'Filtered tasks' : 'All tasks';
}

function startFilters() {
  const form = $('filters');
  form.addEventListener('submit', event => event.preventDefault());
  form.addEventListener('change', () => {
    const sought = form.elements.label.value.trim();
    if (ID.test(sought)) form.elements.label.value = '';
    const parameters = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
    if (parameters.get('since') !== 'range') ['from', 'to'].forEach(name => parameters.delete(name));
    if (openId) parameters.set('task', openId);
    go(place(parameters));
    if (ID.test(sought)) open(sought.toLowerCase());
  });
  form.addEventListener('reset', event => {
    event.preventDefault();
    go(place(new URLSearchParams(openId ? { task: openId } : {})));
    $('list').focus();
  });
}

function onChange(changes) {
  for (const { before, task } of changes) {
    if (before && before.status !== task.status) announce(`Task ${shortId(task.task_id)}: ${shownStatus(task)}.`);
  }
  list.render(openId);
  if (openId) detail.render(live.isLoaded() && !live.tasks.has(openId));
  // What has just started, or come into the list, may be worth a watch.
  live.watch();
}

function wanted() {
  const opened = live.tasks.get(openId);
  return [...new Set([...(opened && live.isWatchable(opened) ? [openId] : []), ...list.inSight()])];
}

// Times are the reader's own, or UTC, as in logs; the button names which.
function startZone() {
  const render = () => {
    setText($('zone'), useUtc(sessionStorage.getItem('utc') === 'true'));
    $('zone').title = 'Times on this page; press for others';
    live.changed();
  };
  $('zone').addEventListener('click', () => {
    sessionStorage.setItem('utc', String(sessionStorage.getItem('utc') !== 'true'));
    render();
  });
  render();
}

startKeyForm();
startFilters();
list.startList(open, addressOf);
detail.startDetail(open, close, task => {
  // Where there is no room for both, the form takes the place of the task.
  if (!matchMedia(WIDE).matches) go(addressOf(null));
  fill(task);
});
startSubmitForm(id => {
  live.refresh();
  // Beside the list there is room for the new task; otherwise its row is seen, unless a filter keeps it out.
  if (matchMedia(WIDE).matches || shownFilter) go(addressOf(id));
});
addEventListener('popstate', apply);
let scrolled;
addEventListener('scroll', () => {
  clearTimeout(scrolled);
  scrolled = setTimeout(() => live.watch(), 250);
}, { passive: true });
live.start(onChange, wanted);
startZone();
apply();
