// The form for new tasks. What is valid the service decides; what it says stands at the field.

import { call, ApiError } from './api.js';
import { newKey } from './actions.js';
import { refresh } from './live.js';
import { $, busily, setText, show, toast } from './dom.js';
import { shortId } from './format.js';

const LABELS = { x: 'x', y: 'y', items: 'The batch', label: 'Label', delay: 'Delay', webhook: 'Webhook' };
const FIELDS = Object.keys(LABELS);
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

// Sending the same again after a failure must not make a second task.
let attempt = { content: null, key: null };

export function startSubmitForm(onSubmitted) {
  const form = $('submit-form');
  form.addEventListener('submit', event => {
    event.preventDefault();
    busily($('submit'), async () => {
      clearErrors();
      try {
        await submit(onSubmitted);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        showErrors(error);
        if (error.isOutage) refresh();
      }
    });
  });
  form.addEventListener('change', event => {
    if (event.target.name === 'mode') showMode();
  });
  $('items').addEventListener('input', count);
  showMode();
  count();
}

// Whether the form has what the task was submitted with.
export const hasForm = task => task.kind === 'multiply' && task.input !== undefined;

// Fills the form as for that task, for somebody to change it.
export function fill({ input, label, webhook }) {
  $('submit-form').elements.mode.value = 'single';
  showMode();
  const values = { x: JSON.stringify(input.x), y: JSON.stringify(input.y), label, delay: '', webhook: webhook?.url };
  for (const [name, value] of Object.entries(values)) $(name).value = value ?? '';
  $('x').focus();
  $('x').select();
}

const isBatch = () => $('submit-form').elements.mode.value === 'batch';

function showMode() {
  show($('single'), !isBatch());
  show($('batch'), isBatch());
  clearErrors();
}

function count() {
  const { length } = lines();
  setText($('items-count'), `${length} ${length === 1 ? 'multiplication' : 'multiplications'}`);
}

async function submit(onSubmitted) {
  const parameters = new URLSearchParams();
  for (const option of ['label', 'delay', 'webhook']) {
    if ($(option).value.trim()) parameters.set(option, $(option).value.trim());
  }
  const path = `${isBatch() ? 'multiply/batch' : 'multiply'}${parameters.size ? `?${parameters}` : ''}`;
  const body = isBatch() ? `{"items": [${lines().map(line => pair(line.x, line.y)).join(', ')}]}` : pair($('x').value.trim(), $('y').value.trim());
  if (attempt.content !== path + body) attempt = { content: path + body, key: newKey() };
  const answer = await call('POST', path, { body, headers: { 'Content-Type': 'application/json', 'Idempotency-Key': attempt.key } });
  attempt = { content: null, key: null };
  toast(`Task ${shortId(answer.body.task_id)} was submitted.`);
  onSubmitted(answer.body.task_id);
}

// The batch's lines that are not empty, with their numbers.
function lines() {
  return $('items').value.split('\n')
    .map((text, i) => ({ number: i + 1, text: text.trim() }))
    .filter(line => line.text)
    .map(line => {
      const [, x, y] = /^(.*?)(?:[\s,;×*]+(.*))?$/.exec(line.text);
      return { ...line, x, y: y ?? '' };
    });
}

// What is wrong with the text of a number; undefined if only the service can say it.
function mistake(text) {
  const bare = text.replaceAll(/[,_'\s]/g, '');
  return JSON_NUMBER.test(text) ? undefined
    : /^\+/.test(text) ? 'must be written without a plus sign'
    : /^-?\./.test(text) ? 'must have a digit before the point, such as 0.5'
    : /\.($|[eE])/.test(text) ? 'must have a digit after the point'
    : /^-?0\d/.test(text) ? 'must not begin with a zero'
    : bare !== text && JSON_NUMBER.test(bare) ? 'must be written without separators, and with a point before decimals'
    : /^[+-]?(nan|inf(inity)?)$/i.test(text) ? 'must be finite'
    : text ? `must be a number, which “${text.slice(0, 20)}” is not` : undefined;
}

// A number goes as it was written, with all its digits; anything else as a string, which the service refuses.
function pair(x, y) {
  const members = Object.entries({ x, y }).filter(([, text]) => text)
    .map(([name, text]) => `"${name}": ${JSON_NUMBER.test(text) ? text : JSON.stringify(text)}`);
  return `{${members.join(', ')}}`;
}

function clearErrors() {
  for (const name of FIELDS) {
    $(name).removeAttribute('aria-invalid');
    setText($(`${name}-error`), '');
  }
  setText($('submit-error'), '');
}

function showErrors(error) {
  const elsewhere = [];
  const items = [];
  for (const [name, messages] of Object.entries(error.errors ?? {})) {
    const item = /^items\[(\d+)\](?:\.(.+))?$/.exec(name);
    if (item && isBatch()) {
      const line = lines()[item[1]];
      items.push(`Line ${line?.number ?? Number(item[1]) + 1}: ${item[2] ?? ''} ${mistake(line?.[item[2]] ?? '') ?? messages.join('; ')}.`);
    } else if (name === 'items' && lines().length === 0) {
      mark(name, 'Enter two numbers on a line.');
    } else if (name === 'x' || name === 'y') {
      mark(name, `${name} ${mistake($(name).value.trim()) ?? messages.join('; ')}.`);
    } else if (FIELDS.includes(name)) {
      mark(name, `${LABELS[name]} ${messages.join('; ')}.`);
    } else {
      elsewhere.push(`${name} ${messages.join('; ')}.`);
    }
  }
  if (items.length) mark('items', items.length > 5 ? `${items.slice(0, 5).join('\n')}\nand ${items.length - 5} more.` : items.join('\n'));
  const invalid = FIELDS.find(name => $(name).getAttribute('aria-invalid') === 'true' && $(name).offsetParent);
  if (!error.errors) elsewhere.push(error.message);
  setText($('submit-error'), elsewhere.join(' '));
  $(invalid ?? 'submit').focus();
}

function mark(name, message) {
  $(name).setAttribute('aria-invalid', 'true');
  setText($(`${name}-error`), message);
}
