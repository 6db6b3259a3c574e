// The list: rows that follow their tasks, filters, the selection.

import * as live from './live.js';
import { isLive, now, told } from './api.js';
import { cancel, cancelAll, deleteAll, retry, retryAll } from './actions.js';
import { $, announce, busily, enable, setText, show, toast } from './dom.js';
import { renderHour, startHour } from './hour.js';
import { age, brief, duration, ended, localTime, percent, runTime, shortId, shownStatus } from './format.js';

// The rows of the tasks that are shown, in their order.
let rows = new Map();
let waiting = 0;
let isChosen = false;
const selected = new Set();
// More are not selected at once: what is done to them takes a request for each.
const MOST = 1_000;
let isFiltered = false;
let openTask;
let address;

// open(id) shows a task, addressOf(id) is its place.
export function startList(open, addressOf) {
  openTask = open;
  address = addressOf;
  $('rows').addEventListener('click', onClick);
  // With Shift also all between this one and the one before.
  let lastClicked;
  $('rows').addEventListener('click', event => {
    const box = event.target.closest('.check input');
    if (!box) return;
    const ids = [...rows.keys()];
    const [one, other] = [ids.indexOf(box.closest('tr').dataset.id), ids.indexOf(lastClicked)];
    lastClicked = ids[one];
    const range = event.shiftKey && other >= 0 ? ids.slice(Math.min(one, other), Math.max(one, other) + 1) : [ids[one]];
    for (const id of range) select(id, box.checked);
  });
  $('select-all').addEventListener('change', event => {
    // The box itself follows the first one already.
    const { checked } = event.target;
    for (const id of rows.keys()) select(id, checked);
  });
  $('select-matching').addEventListener('click', () => busily($('select-matching'), () => told(selectMatching)));
  startHour();
  $('clear-selection').addEventListener('click', () => clearSelection());
  $('cancel-selected').addEventListener('click', () => busily($('cancel-selected'), () => cancelAll([...selected])));
  $('retry-selected').addEventListener('click', () => busily($('retry-selected'), () => retryAll([...selected])));
  $('delete-selected').addEventListener('click', () => busily($('delete-selected'), () => deleteAll([...selected])));
  $('more').addEventListener('click', () => busily($('more'), showMore));
  $('show-new').addEventListener('click', () => {
    isChosen = true;
    live.changed();
    $('rows').querySelector('.open')?.focus();
  });
  // The pointer may be on its way to the button that shows what is new.
  const left = () => { if (waiting > 0) setTimeout(live.changed, 300); };
  $('rows').addEventListener('focusout', left);
  for (const part of POINTED) $(part).addEventListener('mouseleave', left);
  setInterval(() => { if (!document.hidden && isLive()) tick(); }, 1_000);
}

export function setFiltered(filtered) {
  isFiltered = filtered;
  isChosen = true;
  clearSelection();
}

// Those in sight that may change soon, the newest first.
export function inSight() {
  return live.list().filter(live.isWatchable).map(task => task.task_id).filter(id => {
    const box = rows.get(id)?.getBoundingClientRect();
    return box && box.bottom > 0 && box.top < innerHeight;
  });
}

// Under the pointer or the focus no row moves: what is new waits there, and what should go stays.
const POINTED = ['tools', 'table'];
const isHeld = () => rows.size > 0 && !isChosen
  && ((matchMedia('(hover: hover)').matches && POINTED.some(part => $(part).matches(':hover'))) || $('rows').contains(document.activeElement));

function arrange() {
  const wanted = live.list().map(task => task.task_id);
  if (!isHeld()) {
    [waiting, isChosen] = [0, false];
    return wanted;
  }
  const last = [...rows.keys()].at(-1);
  const before = waiting;
  waiting = wanted.filter(id => id > last && !rows.has(id)).length;
  if (waiting > before) announce(`${newTasks()}.`);
  return [...rows.keys(), ...wanted.filter(id => id < last)];
}

const newTasks = () => `${waiting} new ${waiting === 1 ? 'task' : 'tasks'}`;

export function render(openId) {
  const ids = arrange();
  const known = rows;
  rows = new Map(ids.map(id => [id, known.get(id) ?? create(id)]));
  for (const [id, row] of known) {
    if (!rows.has(id)) {
      // A row that has the focus hands it on.
      if (row.contains(document.activeElement)) $('list').focus();
      row.remove();
      selected.delete(id);
    }
  }
  show($('show-new'), waiting > 0);
  setText($('show-new'), newTasks());
  let place = $('rows').firstElementChild;
  for (const [id, row] of rows) {
    if (row === place) place = place.nextElementSibling;
    else $('rows').insertBefore(row, place);
    const task = live.tasks.get(id);
    row.classList.toggle('gone', !task);
    if (!task) continue;
    update(row, task);
    row.classList.toggle('current', task.task_id === openId);
    if (task.task_id === openId) row.querySelector('.open').setAttribute('aria-current', 'true');
    else row.querySelector('.open').removeAttribute('aria-current');
  }
  show($('table'), rows.size > 0);
  show($('tools'), rows.size > 0 || selected.size > 0);
  show($('loading'), !live.isLoaded());
  show($('empty'), live.isLoaded() && rows.size === 0 && !live.hasMore());
  setText($('empty'), isFiltered ? 'No task matches the filters.' : 'No tasks yet. Submit one above.');
  show($('more'), live.hasMore());
  renderSelection();
  renderCounts();
  renderHour(isFiltered);
}

// How many of each status there are, as far as this page knows: all of them, or those of the part that it shows.
function renderCounts() {
  const boxes = [...$('filters').elements.status];
  const isEvery = !boxes.some(box => box.checked);
  const listed = live.list();
  for (const box of boxes) {
    const count = listed.filter(task => task.status === box.value).length;
    const isAll = live.isLoaded() && !live.hasMore() && (isEvery || box.checked);
    setText(box.nextElementSibling.querySelector('.count'), isAll ? `${count}` : count > 0 ? `${count}+` : '');
  }
}

function create(id) {
  const row = $('row').content.firstElementChild.cloneNode(true);
  const task = live.tasks.get(id);
  row.dataset.id = id;
  row.querySelector('.check input').setAttribute('aria-label', `Select task ${shortId(id)}`);
  const link = row.querySelector('.open');
  setText(link.querySelector('.id'), shortId(id));
  link.title = id;
  for (const button of row.querySelectorAll('button')) button.setAttribute('aria-label', `${button.textContent} task ${shortId(id)}`);
  const created = row.querySelector('time');
  created.dateTime = task.created_at;
  return row;
}

function update(row, task) {
  row.querySelector('.open').href = address(task.task_id);
  setText(row.querySelector('.kind'), task.label ?? task.kind);
  setText(row.querySelector('.brief'), brief(task));
  row.querySelector('.brief').title = row.querySelector('.brief').textContent;
  const status = row.querySelector('.status');
  status.dataset.status = setText(status, shownStatus(task));
  renderProgress(row.querySelector('progress'), row.querySelector('.percent'), task);
  row.querySelector('.cancel').classList.toggle('away', ended(task));
  row.querySelector('.retry').classList.toggle('away', !ended(task) || task.status === 'Succeeded');
  row.querySelector('.check input').checked = selected.has(task.task_id);
  tickRow(row, task);
}

export function renderProgress(bar, text, task) {
  const value = task.status === 'Succeeded' ? 1 : task.progress ?? 0;
  const begun = task.progress !== null || task.status === 'Running' || task.status === 'Succeeded';
  bar.value = value;
  bar.dataset.status = shownStatus(task);
  bar.setAttribute('aria-valuetext', percent(value));
  bar.classList.toggle('none', !begun);
  setText(text, begun ? percent(value) : '');
}

function tick() {
  for (const [id, row] of rows) {
    if (live.tasks.has(id)) tickRow(row, live.tasks.get(id));
  }
  renderHour(isFiltered);
}

function tickRow(row, task) {
  const time = now();
  row.querySelector('time').title = localTime(task.created_at);
  setText(row.querySelector('time'), age(time - Date.parse(task.created_at)));
  const starts = task.status === 'Scheduled' && task.start_at ? Date.parse(task.start_at) - time : 0;
  setText(row.querySelector('.starts'), starts > 0 ? `starts in ${duration(starts)}` : '');
  row.classList.toggle('waits', starts > 0);
  const ran = runTime(task, time);
  setText(row.querySelector('.duration'), ran === null ? '–' : duration(ran));
}

function onClick(event) {
  const row = event.target.closest('tr');
  const id = row?.dataset.id;
  if (!live.tasks.has(id)) return;
  const link = event.target.closest('a.open');
  if (link) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openTask(id);
  } else if (event.target.closest('button')) {
    busily(event.target, () => (event.target.closest('.retry') ? retry(id, openTask) : cancel(id)));
  } else if (!event.target.closest('.check, .cell-action') && getSelection().isCollapsed) {
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

async function selectMatching() {
  const { ids, isAll } = await live.matching(MOST - rows.size);
  for (const id of ids) select(id, true);
  if (!isAll) toast(`The newest ${ids.length.toLocaleString()} are selected. There are more.`);
  // The button has done what it is for, and goes.
  if ($('select-matching').hidden) $('clear-selection').focus();
}

function clearSelection() {
  for (const id of [...selected]) select(id, false);
  renderSelection();
}

function renderSelection() {
  for (const id of selected) if (!live.tasks.has(id)) selected.delete(id);
  const tasks = [...selected].map(id => live.tasks.get(id));
  if (tasks.length === 0 && $('selection').contains(document.activeElement)) $('list').focus();
  $('selection').classList.toggle('away', tasks.length === 0);
  setText($('selection-text'), `${tasks.length} selected`);
  enable($('cancel-selected'), !tasks.every(ended));
  enable($('retry-selected'), tasks.some(ended));
  enable($('delete-selected'), tasks.some(ended));
  const isWhole = rows.size > 0 && [...rows.keys()].every(id => selected.has(id));
  $('select-all').checked = isWhole;
  $('select-all').indeterminate = tasks.length > 0 && !isWhole;
  show($('select-matching'), isWhole && live.hasMore() && tasks.length === rows.size);
}
