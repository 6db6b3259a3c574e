// Requests to the API. One place knows the key, and whether the service answers.

import { $, show, setText, sleep, toast } from './dom.js';
import { exact } from './format.js';

// An answer that takes longer says that something is wrong.
const PROMPT = 3_000;

export const KEY = 'functions-key';
let hasKey = Promise.resolve();
let keyGiven = () => {};
let clockSkew = 0;

// What the badge says. Only an answer that should have come by itself, to a question that is asked for ever, decides it:
// an action that fails says so at its place.
const state = { isPaused: false, needsKey: false, isDown: false, isHeard: false, slow: 0 };
const failing = new Set();

export const now = () => Date.now() + clockSkew;

export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    super(problem?.detail ?? (status ? `The service answered ${status}.` : 'The service does not answer.'));
    this.status = status;
    this.errors = problem?.errors;
    this.taskStatus = problem?.task_status;
    this.retryAfter = retryAfter;
  }

  // The service will be there again.
  get isOutage() { return [0, 502, 503, 504].includes(this.status); }
}

// Does what the service may refuse; then the user is told why, and refused(error) is called.
export async function told(act, refused = () => {}) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const wrong = Object.entries(error.errors ?? {}).map(([name, messages]) => `${name} ${messages.join('; ')}.`);
    toast([error.message, ...wrong].join(' '), true);
    await refused(error);
  }
}

// The answer's status, body and ETag; what is not JSON as what is asked for, with the headers. Without a key, or with a wrong one, it waits until the user has given another.
export async function call(method, path, { body, headers, signal, as } = {}) {
  for (;;) {
    await hasKey;
    signal?.throwIfAborted();
    const key = sessionStorage.getItem(KEY);
    const response = await send(method, path, body, { ...headers, ...(key && { 'x-functions-key': key }) }, signal);
    if (response.status === 401) {
      askForKey(key);
      continue;
    }

    if (response.status === 304) return { status: 304, etag: response.headers.get('ETag') };
    if (as && response.ok) return { status: response.status, headers: response.headers, body: await response[as]() };
    const text = await response.text();
    if (!response.ok) throw failure(response, text);
    return { status: response.status, etag: response.headers.get('ETag'), body: text ? parse(text) : null };
  }
}

async function send(method, path, body, headers, signal) {
  const watch = watchTime(headers);
  try {
    const response = await fetch(path, { method, body, headers, signal, cache: 'no-store', credentials: 'omit' });
    const skew = Date.parse(response.headers.get('Date')) - Date.now();
    // The header has whole seconds.
    clockSkew = Math.abs(skew) > 2_000 ? skew : 0;
    return response;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0);
  } finally {
    watch();
  }
}

// Counts a request as slow once it should have been answered; to be called when it has been.
function watchTime(headers) {
  let isSlow = false;
  const timer = headers.Prefer ? undefined : setTimeout(() => { isSlow = true; state.slow++; showState(); }, PROMPT);
  return () => {
    clearTimeout(timer);
    if (!isSlow) return;
    state.slow--;
    showState();
  };
}

function failure(response, text) {
  let problem;
  try {
    problem = JSON.parse(text);
  } catch {
    // A host that starts or fails answers without a problem.
  }
  return new ApiError(response.status, problem, Number(response.headers.get('Retry-After')) || undefined);
}

// A number keeps all its digits where it is data of the task; elsewhere it is small.
function parse(text) {
  const value = JSON.parse(text);
  if (value === null || typeof value !== 'object') return value;
  const precise = exact(text);
  for (const member of ['input', 'result', 'results']) {
    if (member in value) value[member] = precise[member];
  }
  return value;
}

export function startKeyForm() {
  $('key-form').addEventListener('submit', event => {
    event.preventDefault();
    const key = $('key').value.trim();
    if (!/^[!-~]+$/.test(key)) {
      setText($('key-error'), key ? 'A key has ASCII characters only.' : 'Enter a key.');
      $('key').focus();
      return;
    }
    sessionStorage.setItem(KEY, key);
    $('key').value = '';
    show($('key-panel'), false);
    setState({ needsKey: false });
    showForget();
    keyGiven();
    $('list').focus();
  });
  $('forget-key').addEventListener('click', () => {
    sessionStorage.removeItem(KEY);
    location.reload();
  });
  showForget();
}

function showForget() {
  show($('forget-key'), sessionStorage.getItem(KEY) !== null);
}

function askForKey(used) {
  if (sessionStorage.getItem(KEY) !== used) return;
  if (used !== null) {
    sessionStorage.removeItem(KEY);
    showForget();
  }
  if (!$('key-panel').hidden) return;
  setText($('key-error'), used === null ? '' : 'The service does not accept this key. Check it and enter it again.');
  $('key').setAttribute('aria-invalid', String(used !== null));
  show($('key-panel'), true);
  setState({ needsKey: true });
  hasKey = new Promise(resolve => { keyGiven = resolve; });
  $('key').focus();
}

// Tries again for as long as the service is not there, or what else the caller says will pass. Other failures are the caller's.
export async function persist(request, signal, passes = error => error.isOutage) {
  const self = {};
  try {
    for (;;) {
      try {
        const answer = await request();
        failing.delete(self);
        isUp();
        return answer;
      } catch (error) {
        if (!(error instanceof ApiError) || !passes(error)) throw error;
        failing.add(self);
        isDown(error);
        await sleep((error.retryAfter ?? 3) * 1000, signal);
        signal?.throwIfAborted();
      }
    }
  } finally {
    failing.delete(self);
  }
}

// Whether what the page shows of running tasks goes on as far as it knows.
export const isLive = () => state.isHeard && !state.isDown && state.slow === 0;

// The banner is read out when it appears: so it says the same until it goes.
function isDown(error) {
  // What follows the first sentence is advice for programs.
  if (!state.isDown) setText($('outage-text'), `${error.message.split('. ')[0].replace(/\.?$/, '.')} Trying again by itself.`);
  setState({ isDown: true });
}

// As long as one question is not answered, the answer to another does not mean that the service is there again.
function isUp() {
  if (failing.size === 0) setState({ isDown: false, isHeard: true });
}

export function setState(changes) {
  Object.assign(state, changes);
  showState();
}

function showState() {
  const [name, text] = state.isPaused ? ['paused', 'Paused']
    : state.needsKey ? ['key', 'Waiting for a key']
    : state.isDown ? ['down', 'Not reachable']
    : state.slow > 0 ? ['slow', 'Waiting for an answer']
    : state.isHeard ? ['live', 'Live']
    : ['starting', 'Connecting'];
  if ($('live').dataset.state !== name) $('live').dataset.state = name;
  setText($('live-text'), text);
  show($('outage'), state.isDown && !state.needsKey);
}
