// The list: rows that follow their tasks, filters, the selection.

import * as live from './live.js';
import { now } from './api.js';
import { cancel, cancelAll, deleteAll, retry } from './actions.js';
import { $, busily, setText, show } from './dom.js';
import { age, duration, ended, localTime, percent, runTime, shortId } from './format.js';

const rows = new Map();
const selected = new Set();
let isFiltered = false;
let openTask;
let address;

// open(id) shows a task, addressOf(id) is its place.
export function startList(open, addressOf) {
  openTask = open;
  address = addressOf;
  $('rows').addEventListener('click', onClick);
  $('rows').addEventListener('change', event => select(event.target.closest('tr').dataset.id, event.target.checked));
  $('select-all').addEventListener('change', event => {
    // The box itself follows the first one already.
    const { checked } = event.target;
    for (const task of live.list()) select(task.task_id, checked);
  });
  $('clear-selection').addEventListener('click', () => clearSelection());
  $('cancel-selected').addEventListener('click', () => busily($('cancel-selected'), () => cancelAll([...selected])));
  $('delete-selected').addEventListener('click', () => busily($('delete-selected'), () => deleteAll([...selected])));
  $('more').addEventListener('click', () => busily($('more'), showMore));
  setInterval(() => { if (!document.hidden) tick(); }, 1_000);
}

export function setFiltered(filtered) {
  isFiltered = filtered;
  clearSelection();
}

// Those in sight that may change soon, the newest first.
export function inSight() {
  return live.list().filter(live.isWatchable).map(task => task.task_id).filter(id => {
    const box = rows.get(id)?.getBoundingClientRect();
    return box && box.bottom > 0 && box.top < innerHeight;
  });
}

export function render(openId) {
  const tasks = live.list();
  const ids = new Set(tasks.map(task => task.task_id));
  for (const [id, row] of rows) {
    if (!ids.has(id)) {
      // A row that has the focus hands it on.
      if (row.contains(document.activeElement)) $('list').focus();
      row.remove();
      rows.delete(id);
      selected.delete(id);
    }
  }
  let place = $('rows').firstElementChild;
  for (const task of tasks) {
    const row = rows.get(task.task_id) ?? create(task);
    if (row === place) place = place.nextElementSibling;
    else $('rows').insertBefore(row, place);
    update(row, task);
    row.classList.toggle('current', task.task_id === openId);
    if (task.task_id === openId) row.querySelector('.open').setAttribute('aria-current', 'true');
    else row.querySelector('.open').removeAttribute('aria-current');
  }
  show($('table'), tasks.length > 0);
  show($('loading'), !live.isLoaded());
  show($('empty'), live.isLoaded() && tasks.length === 0);
  setText($('empty'), isFiltered ? 'No task matches the filters.' : 'No tasks yet. Submit one above.');
  show($('more'), live.hasMore());
  renderSelection();
}

function create(task) {
  const row = $('row').content.firstElementChild.cloneNode(true);
  const id = task.task_id;
  row.dataset.id = id;
  rows.set(id, row);
  row.querySelector('.check input').setAttribute('aria-label', `Select task ${shortId(id)}`);
  const link = row.querySelector('.open');
  setText(link.querySelector('.kind'), task.kind);
  setText(link.querySelector('.id'), shortId(id));
  link.title = id;
  const created = row.querySelector('time');
  created.dateTime = task.created_at;
  created.title = localTime(task.created_at);
  return row;
}

function update(row, task) {
  row.querySelector('.open').href = address(task.task_id);
  setText(row.querySelector('.open + .message'), task.message ?? '');
  const status = row.querySelector('.status');
  status.dataset.status = task.status;
  setText(status, task.status);
  renderProgress(row.querySelector('progress'), row.querySelector('.percent'), task);
  const action = row.querySelector('button');
  const what = !ended(task) ? 'Cancel' : task.status === 'Succeeded' ? '' : 'Retry';
  show(action, what !== '');
  setText(action, what);
  action.setAttribute('aria-label', `${what} task ${shortId(task.task_id)}`);
  row.querySelector('.check input').checked = selected.has(task.task_id);
  tickRow(row, task);
}

export function renderProgress(bar, text, task) {
  const value = task.status === 'Succeeded' ? 1 : task.progress ?? 0;
  const begun = task.progress !== null || task.status === 'Running' || task.status === 'Succeeded';
  bar.value = value;
  bar.dataset.status = task.status;
  bar.setAttribute('aria-valuetext', percent(value));
  bar.classList.toggle('none', !begun);
  setText(text, begun ? percent(value) : '');
}

function tick() {
  for (const task of live.list()) {
    const row = rows.get(task.task_id);
    if (row) tickRow(row, task);
  }
}

function tickRow(row, task) {
  const time = now();
  setText(row.querySelector('time'), age(time - Date.parse(task.created_at)));
  const starts = task.status === 'Scheduled' && task.start_at ? Date.parse(task.start_at) - time : 0;
  const ran = runTime(task, time);
  setText(row.querySelector('.duration'), starts > 0 ? `in ${duration(starts)}` : ran === null ? '–' : duration(ran));
}

function onClick(event) {
  const row = event.target.closest('tr');
  const id = row?.dataset.id;
  const link = event.target.closest('a.open');
  if (link) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openTask(id);
  } else if (event.target.closest('button')) {
    busily(event.target, () => (ended(live.tasks.get(id)) ? retry(id, openTask) : cancel(id)));
  } else if (!event.target.closest('.check') && getSelection().isCollapsed) {
    openTask(id);
  }
}

async function showMore() {
  const button = $('more');
  const last = $('rows').lastElementChild;
  await live.more();
  // The button may be gone: whoever uses the keyboard goes on with the first new row.
  if (!document.activeElement || document.activeElement === document.body || document.activeElement === button) {
    last?.nextElementSibling?.querySelector('.open').focus();
  }
}

function select(id, on) {
  if (on) selected.add(id);
  else selected.delete(id);
  const row = rows.get(id);
  if (row) row.querySelector('.check input').checked = on;
  renderSelection();
}

function clearSelection() {
  for (const id of [...selected]) select(id, false);
  renderSelection();
}

function renderSelection() {
  const tasks = [...selected].map(id => live.tasks.get(id)).filter(task => task);
  const isOpen = !$('selection').hidden;
  if (isOpen && tasks.length === 0 && $('selection').contains(document.activeElement)) $('list').focus();
  show($('selection'), tasks.length > 0);
  setText($('selection-text'), `${tasks.length} selected`);
  $('cancel-selected').disabled = tasks.every(ended);
  $('delete-selected').disabled = !tasks.some(ended);
  $('select-all').checked = tasks.length > 0 && tasks.length === rows.size;
  $('select-all').indeterminate = tasks.length > 0 && tasks.length < rows.size;
}
