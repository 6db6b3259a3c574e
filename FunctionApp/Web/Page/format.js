// How things look: times, durations, IDs, JSON.

export const ended = task => ['Succeeded', 'Failed', 'Canceled'].includes(task.status);

// IDs of tasks made in the same minute begin alike.
export const shortId = id => `…${id.slice(-8)}`;

export const percent = progress => `${Math.floor(progress * 100)} %`;

export function duration(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

export function age(milliseconds) {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
  if (seconds < 2) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

let timeZone;
let dateTime;
let timeOnly;

// Returns the name of the zone that times are shown in from now on.
export function useUtc(isUtc) {
  timeZone = isUtc ? 'UTC' : undefined;
  dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', timeZone });
  timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', timeZone });
  return dateTime.resolvedOptions().timeZone;
}
useUtc(false);

// In the chosen zone, without a date if it is today.
export function localTime(text) {
  const day = time => time.toLocaleDateString(undefined, { timeZone });
  const time = new Date(text);
  return (day(time) === day(new Date()) ? timeOnly : dateTime).format(time);
}

// A time as a field for times has it, in the chosen zone, and back.
export function toField(text) {
  const time = new Date(text);
  return text && new Date(time - (timeZone ? 0 : time.getTimezoneOffset() * 60_000)).toISOString().slice(0, 19);
}
export const fromField = value => new Date(value + (timeZone ? 'Z' : '')).toISOString();

// How long a task has run, or did; null if it has not started.
export function runTime(task, now) {
  return task.started_at && (task.ended_at ? Date.parse(task.ended_at) : now) - Date.parse(task.started_at);
}

// The status for people: a batch of which only a part has succeeded is not simply done.
export const shownStatus = task => (task.status === 'Succeeded' && task.items?.failed > 0 ? 'Partly failed' : task.status);

// What of a batch has failed; empty if nothing has.
export const items = ({ items: count }) =>
  count?.failed > 0 ? `${count.succeeded.toLocaleString()} of ${count.total.toLocaleString()}, ${count.failed.toLocaleString()} failed` : '';

// What tells a task from others of its kind: its input, what it does or what has come of it, in a few words.
export function brief(task) {
  const input = task.items ? `${task.items.total.toLocaleString()} items` : (task.input_summary ?? '').replaceAll(/[{}"]/g, '').replaceAll(/([:,])/g, '$1 ');
  const outcome = task.error && task.status !== 'Canceled' ? task.error.code
    : task.items ? items(task)
    : task.status === 'Succeeded' ? task.result_summary
    : ended(task) ? '' : task.message;
  return [task.label && task.kind, input, outcome].filter(part => part).join(' → ');
}

// JSON whose numbers keep all their digits, where the browser can.
export const exact = text => JSON.parse(text, (_, part, context) =>
  (JSON.rawJSON && typeof part === 'number' && context.source !== String(part) ? JSON.rawJSON(context.source) : part));

// JSON for people: what is short stands on one line.
export function pretty(value) {
  const line = JSON.stringify(value) ?? '';
  return line.length <= 60 ? spaced(line) : JSON.stringify(value, null, 2);
}

// The results of a batch, each on a line with its number.
export function prettyResults(results) {
  const width = String(results.length).length;
  return results.map(({ result, error }, i) =>
    `${String(i + 1).padStart(width)}  ${error ? `${error.code}: ${error.detail}` : spaced(JSON.stringify(result))}`).join('\n');
}

// The results of a batch as lines of JSON, or as a table: for other programs.
export const ndjson = results => results.map(one => `${JSON.stringify(one)}\n`).join('');

export function csv(results) {
  const cell = value => (value === undefined ? '' : /^[-\d.eE+]+$/.test(value) ? value : `"${value.replaceAll('"', '""')}"`);
  const lines = results.map(({ result, error }, i) =>
    [String(i + 1), result === undefined ? undefined : JSON.stringify(result), error?.code, error?.detail].map(cell).join(','));
  return ['item,result,error_code,error_detail', ...lines].join('\r\n');
}

const spaced = line => line.replace(/"(?:[^"\\]|\\.)*"|[:,{}]/g, part => ({ ':': ': ', ',': ', ', '{': '{ ', '}': ' }' })[part] ?? part);
