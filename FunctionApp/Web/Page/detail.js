// One task: its state, timeline, input, result, webhook, and what can be done to it.

import * as live from './live.js';
import { call, isLive, now, persist, told, ApiError } from './api.js';
import { cancel, deleteOne, retry, sendWebhook } from './actions.js';
import { failures, renderFiles, renderLog } from './data.js';
import { $, busily, copy, element, enable, save, setText, show, toast } from './dom.js';
import { csv, duration, ended, items, localTime, ndjson, pretty, prettyResults, runTime, shortId, shownStatus } from './format.js';
import { edit, startEdit } from './edit.js';
import { renderProgress } from './list.js';
import { hasForm } from './submit.js';

let id = null;
let result;
let isBatch = false;

// again(task) is called for a task that is to be submitted once more, with changes.
export function startDetail(open, close, again) {
  $('close').addEventListener('click', event => { event.preventDefault(); close(); });
  $('detail').addEventListener('keydown', event => { if (event.key === 'Escape') close(); });
  $('detail-cancel').addEventListener('click', () => busily($('detail-cancel'), () => cancel(id)));
  $('detail-retry').addEventListener('click', () => busily($('detail-retry'), () => retry(id, open)));
  $('detail-retry-failed').addEventListener('click', () => busily($('detail-retry-failed'), () => retry(id, open, '?items=failed')));
  $('detail-again').addEventListener('click', () => again(live.tasks.get(id)));
  startEdit();
  $('detail-delete').addEventListener('click', () => busily($('detail-delete'), () => deleteOne(id, close)));
  $('send-webhook').addEventListener('click', () => busily($('send-webhook'), () => sendWebhook(id)));
  $('copy-result').addEventListener('click', () => copy(JSON.stringify(result)));
  $('downloads').addEventListener('click', event => { if (event.target.dataset.format) download(event.target.dataset.format); });
  $('copy-id').addEventListener('click', () => copy(id));
  $('detail-json').addEventListener('click', event => { event.preventDefault(); showJson(); });
  $('detail-retry-of').addEventListener('click', event => { event.preventDefault(); open(live.tasks.get(id).retry_of); });
  setInterval(() => { if (!document.hidden && isLive() && id && live.tasks.has(id)) renderTimeline(live.tasks.get(id)); }, 1_000);
}

// Shows the task of that ID, or none.
export async function showTask(taskId) {
  id = taskId;
  result = undefined;
  isBatch = false;
  document.body.classList.toggle('has-detail', id !== null);
  show($('detail'), id !== null);
  renderLog(null);
  edit(id);
  if (!id) {
    render();
    return;
  }
  setText($('detail-title'), `Task ${shortId(id)}`);
  render();
  try {
    live.put((await persist(() => call('GET', `tasks/${encodeURIComponent(taskId)}`))).body);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) live.remove(taskId);
    else toast(error.message, true);
    if (id === taskId) render(error.status === 404);
  }
}

export function render(isMissing = false) {
  const task = live.tasks.get(id);
  document.title = task ? `${shownStatus(task)} · ${task.label ?? task.kind} ${shortId(id)}` : id ? `Task ${shortId(id)}` : 'Tasks';
  show($('detail-missing'), !task && isMissing);
  // What a list has is not all: the rest comes in a moment.
  show($('detail-body'), task?.isWhole === true);
  show($('detail-loading'), task?.isWhole !== true && !isMissing);
  if (!task?.isWhole) return;
  setText($('detail-title'), `${task.label ?? task.kind} ${shortId(id)}`);
  setText($('detail-items'), items(task));
  $('detail-status').dataset.status = setText($('detail-status'), shownStatus(task));
  setText($('detail-message'), task.message ?? '');
  renderProgress($('detail-progress'), $('detail-percent'), task);
  enable($('detail-cancel'), !ended(task));
  enable($('detail-retry'), ended(task));
  enable($('detail-delete'), ended(task));
  show($('detail-retry-failed'), ended(task) && task.items?.failed > 0);
  setText($('detail-retry-failed'), `Retry ${task.items?.failed?.toLocaleString()} failed`);
  show($('detail-again'), hasForm(task));
  $('detail-json').href = `tasks/${id}`;
  show($('detail-error'), task.error !== undefined);
  // Who has canceled a task knows it: that is no failure.
  $('detail-error').classList.toggle('canceled', task.status === 'Canceled');
  setText($('detail-code'), task.error && task.status !== 'Canceled' ? `${task.error.code}:` : '');
  setText($('detail-why'), task.error?.detail ?? '');
  show($('detail-input-part'), task.input !== undefined);
  setText($('detail-input'), pretty(task.input));
  setText($('detail-id'), id);
  show($('detail-retry-of-line'), task.retry_of !== null);
  setText($('detail-retry-of'), task.retry_of ?? '');
  $('detail-retry-of').href = `?task=${task.retry_of ?? ''}`;
  renderTimeline(task);
  renderFiles(task);
  renderLog(task);
  renderWebhook(task.webhook, ended(task));
  renderResult(task);
}

async function renderResult(task) {
  if (task.status === 'Succeeded' && result === undefined && !task.result_file) {
    if (task.result !== undefined) {
      result = task.result;
    } else {
      // Those of a batch have a place of their own.
      result = null;
      try {
        const { body } = await persist(() => call('GET', `${task.kind}/${task.task_id}`));
        if (id !== task.task_id) return;
        result = body.results ?? body.result;
        isBatch = body.results !== undefined;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (id === task.task_id) result = undefined;
        toast(error.message, true);
      }
    }
  }
  const isThere = task.status === 'Succeeded' && result !== undefined && result !== null;
  show($('detail-result-part'), isThere);
  if (!isThere) return;
  setText($('detail-result'), isBatch ? prettyResults(result) : pretty(result));
  $('detail-result').classList.toggle('result', !isBatch);
  for (const button of $('downloads').children) {
    show(button, isBatch || button.dataset.format === 'json');
    button.setAttribute('aria-label', `Download the result as ${button.textContent}`);
  }
}

function download(format) {
  const text = format === 'csv' ? csv(result) : format === 'ndjson' ? ndjson(result) : JSON.stringify(result, null, 2);
  save(new Blob([text], { type: 'application/octet-stream' }), `${id}.${format}`);
}

function renderTimeline(task) {
  const time = now();
  const steps = [['Created', task.created_at, '']];
  if (task.start_at) steps.push([Date.parse(task.start_at) > time ? 'Starts' : 'Scheduled for', task.start_at, '']);
  const failed = failures().map(({ attempt, error, at }) => ({ attempt, step: [`Attempt ${attempt} failed: ${error}`, at, 'Failed'] }));
  steps.push(...failed.filter(({ attempt }) => attempt < task.attempt).map(({ step }) => step));
  if (task.started_at) steps.push([`Started, attempt ${task.attempt}`, task.started_at, '']);
  steps.push(...failed.filter(({ attempt }) => attempt >= task.attempt).map(({ step }) => step));
  if (task.ended_at) steps.push([shownStatus(task), task.ended_at, shownStatus(task)]);
  else if (task.started_at) steps.push([`Running for ${duration(runTime(task, time))}`, null, 'Running']);
  if (task.expires_at) steps.push(['Will be deleted', task.expires_at, 'later']);
  const list = $('timeline');
  while (list.children.length > steps.length) list.lastElementChild.remove();
  steps.forEach(([what, when, state], i) => {
    const item = list.children[i] ?? list.appendChild(element('li', '', element('span', 'what'), element('time')));
    item.dataset.status = state;
    setText(item.firstElementChild, what);
    const since = when && Date.parse(when) - Date.parse(task.created_at);
    item.lastElementChild.dateTime = when ?? '';
    setText(item.lastElementChild, !when ? '' : since > 0 && task.started_at !== null && state !== 'later' ? `${localTime(when)} (+${duration(since)})` : localTime(when));
  });
}

function renderWebhook(webhook, isEnded) {
  show($('detail-webhook-part'), webhook !== null);
  show($('deliveries'), webhook !== null && webhook.attempts > 0);
  if (!webhook) return;
  enable($('send-webhook'), isEnded);
  if (webhook.attempts > 0) told(() => renderDeliveries(webhook));
  const attempts = `${webhook.attempts} ${webhook.attempts === 1 ? 'attempt' : 'attempts'}`;
  const answer = webhook.last_status ?? 'none yet';
  const isDelivered = /^2\d\d$/.test(answer);
  setText($('detail-webhook'), !isEnded ? 'It will be sent when the task has ended.'
    : isDelivered ? `Delivered: ${answer} after ${attempts}.`
    : webhook.done ? `Not delivered: ${answer} after ${attempts}.`
    : webhook.attempts === 0 ? 'It is being sent.'
    : `It will be sent again ${webhook.next_attempt_at ? `at ${localTime(webhook.next_attempt_at)}` : 'soon'}. The last answer was ${answer}, after ${attempts}.`);
  setText($('detail-webhook-url'), webhook.url);
}

// The attempts are asked for when there is another one.
async function renderDeliveries(webhook) {
  const shown = `${id} ${webhook.attempts}`;
  if ($('deliveries').dataset.shown === shown) return;
  $('deliveries').dataset.shown = shown;
  $('deliveries').replaceChildren();
  const { body } = await persist(() => call('GET', `tasks/${id}/webhook`));
  if ($('deliveries').dataset.shown !== shown) return;
  $('deliveries').replaceChildren(...body.deliveries.map(({ at, status, duration: seconds }) => {
    const item = element('li', '', element('span', 'what', status), element('time', '', `${localTime(at)} (${duration(seconds * 1000)})`));
    item.dataset.status = /^2/.test(status) ? 'Succeeded' : 'Failed';
    item.lastElementChild.dateTime = at;
    return item;
  }));
}

// A link cannot send the key: so the page asks, and shows what came.
async function showJson() {
  const place = open('', '_blank');
  try {
    const { body } = await call('GET', `tasks/${id}`);
    const address = URL.createObjectURL(new Blob([JSON.stringify(body, null, 2)], { type: 'application/json' }));
    if (place) place.location = address;
  } catch (error) {
    place?.close();
    if (!(error instanceof ApiError)) throw error;
    toast(error.message, true);
  }
}
