// The API's reference: what its description says, for people, and a form for each request.

import { KEY } from './api.js';
import { $, busily, element, save, setText } from './dom.js';
import { duration, exact, pretty } from './format.js';

// More of an answer is not shown.
const MOST = 100_000;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const LIMITS = {
  format: '*', const: 'always *', default: '* by default', minimum: 'at least *', exclusiveMinimum: 'more than *', maximum: 'at most *',
  minLength: 'characters: at least *', maxLength: 'at most * characters', minItems: 'at least *', maxItems: 'at most *',
};
let api;

// A reference may stand beside a description of its own.
const resolve = ({ $ref, ...own }) => ($ref ? { ...$ref.split('/').slice(1).reduce((part, name) => part[name], api), ...own } : own);
const make = (tag, className, ...children) => element(tag, className, ...children.flat(Infinity).filter(child => child));
const code = text => element('code', '', text);
const inline = text => text.split(/`([^`]*)`/).map((part, i) => (i % 2 ? code(part) : part));
const prose = text => (text ?? '').split('\n\n').filter(part => part).map(part => make('p', '', inline(part)));
const verb = method => give({ 'data-method': method }, element('span', 'method', method.toUpperCase()));
const box = (text, label) => give({ tabindex: 0, 'aria-label': label }, element('pre', '', text));

function give(attributes, made) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function type(schema) {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1);
    return give({ href: `#schema-${name}` }, element('a', '', name));
  }
  const several = (all, text) => all.map((one, i) => [i > 0 && ' or ', text(one)]);
  const limits = Object.entries(LIMITS).filter(([name]) => name in schema).map(([name, text]) => text.replace('*', schema[name]));
  const what = schema.oneOf ? several(schema.oneOf, type)
    : schema.enum ? several(schema.enum, code)
    : schema.items ? ['array of ', type(schema.items)]
    : [schema.type ?? 'any'].flat().join(' or ');
  return [what, limits.length > 0 && ` (${limits.join(', ')})`];
}

// What has a name: a parameter, a header, a member of a body.
function entries(all) {
  return make('dl', 'entries', all.flatMap(([name, { schema, description, required, example }, place]) => [
    make('dt', '', code(name), place && ` in ${place},`, ' ', make('span', 'type', type(schema)), required && element('strong', '', ' required')),
    make('dd', '', prose(description), example !== undefined && make('p', 'hint', 'Such as ', code([example].flat().join(', ')))),
  ]));
}

const members = ({ properties, required }) => entries(Object.entries(properties).map(([name, one]) =>
  [name, { schema: one, description: one.description, required: required?.includes(name) }]));

function content(all = {}) {
  return Object.entries(all).flatMap(([name, { schema, examples = {} }]) => [
    make('p', '', code(name), schema && ': ', schema && type(schema)),
    ...Object.entries(examples).map(([key, { summary = `Example: ${key}`, value }]) =>
      make('details', '', make('summary', '', inline(summary)), box(typeof value === 'string' ? value : pretty(value), summary))),
  ]);
}

function answers(responses) {
  return Object.entries(responses).map(([status, response]) => {
    const { description, headers, content: body } = resolve(response);
    const head = [make('strong', '', status), ' ', inline(description)];
    if (!headers && !body) return make('p', '', head);
    const named = Object.entries(headers ?? {}).map(([name, header]) => [name, resolve(header), 'the header']);
    return make('details', '', make('summary', '', head), entries(named), content(body));
  });
}

function operation(path, method, described, isSent) {
  const { operationId: id, summary, description, requestBody, responses } = described;
  const parameters = (described.parameters ?? []).map(resolve);
  const body = requestBody && resolve(requestBody);
  return give({ id, 'aria-labelledby': `${id}-title` }, make('article', 'card operation',
    give({ id: `${id}-title` }, make('h3', '', verb(method), ' ', code(path), ' ', element('span', '', summary))),
    prose(description),
    parameters.length > 0 && [element('h4', '', 'Parameters'), entries(parameters.map(one => [one.name, one, one.in]))],
    body && [element('h4', '', 'Body'), prose(body.description), content(body.content)],
    element('h4', '', 'Answers'), answers(responses),
    isSent && trial(id, path, method, parameters, body)));
}

function field(id, { name, in: place, schema, example }) {
  const known = resolve(schema.items ?? schema);
  const options = known.enum ?? (known.type === 'boolean' ? ['true', 'false'] : null);
  const input = element(options ? 'select' : 'input');
  if (options) input.append(...[...(schema.items ? [] : ['']), ...options].map(one => new Option(one)));
  input.multiple = schema.items !== undefined;
  input.required = place === 'path';
  return make('div', 'field', give({ for: id }, element('label', '', name)),
    give({ id, name, autocomplete: 'off', ...(!options && example !== undefined && { placeholder: example }) }, input));
}

function trial(id, path, method, parameters, body) {
  const [media, { examples = {} } = {}] = Object.entries(body?.content ?? {})[0] ?? [];
  const isFile = media && !media.endsWith('json');
  const source = isFile ? give({ type: 'file' }, element('input')) : give({ rows: 4 }, element('textarea', '', pretty(Object.values(examples)[0]?.value ?? {})));
  const button = give({ type: 'submit' }, element('button', 'primary', 'Send'));
  const output = element('div');
  const form = make('form', '', make('div', 'fields', parameters.map((one, i) => field(`${id}-${i}`, one))),
    media && make('div', 'field', give({ for: `${id}-body` }, element('label', '', 'Body')), give({ id: `${id}-body`, spellcheck: 'false' }, source)),
    button, give({ role: 'status' }, element('p', 'sent')), output);
  form.addEventListener('submit', event => {
    event.preventDefault();
    busily(button, () => send(form, output, path, method, parameters, media && { media, content: isFile ? source.files[0] : source.value }));
  });
  return make('details', 'trial', element('summary', '', 'Try it'), form);
}

async function send(form, output, path, method, parameters, body) {
  const query = new URLSearchParams();
  const headers = body ? { 'Content-Type': body.media } : {};
  let place = path.slice(1);
  for (const { name, in: where } of parameters) {
    const input = form.elements.namedItem(name);
    for (const value of [...(input.selectedOptions ?? [input])].map(one => one.value.trim()).filter(one => one)) {
      if (where === 'query') query.append(name, value);
      else if (where === 'header') headers[name] = value;
      else place = place.replace(`{${name}}`, encodeURIComponent(value));
    }
  }
  if (query.size > 0) place += `?${query}`;
  const key = sessionStorage.getItem(KEY);
  const begun = performance.now();
  const told = form.querySelector('.sent');
  output.replaceChildren(box(curl(place, method, headers, key, body), 'The request, for curl'));
  setText(told, 'Sent. Waiting for the answer.');
  try {
    const response = await fetch(place, {
      method, headers: { ...headers, ...(key && { 'x-functions-key': key }) }, body: body?.content, cache: 'no-store', credentials: 'omit',
    });
    const content = await response.blob();
    setText(told, `${response.status} ${response.statusText}, after ${duration(performance.now() - begun)}`);
    output.append(box([...response.headers].map(header => header.join(': ')).join('\n'), 'The headers of the answer'));
    if (content.size > 0) output.append(await shown(content));
  } catch (error) {
    setText(told, `There is no answer: ${error.message}`);
  }
}

async function shown(content) {
  if (!/json|^text\//.test(content.type)) {
    const button = give({ type: 'button' }, element('button', '', `Save the ${content.size.toLocaleString()} bytes of the body`));
    button.addEventListener('click', () => save(content, ''));
    return button;
  }
  let text = await content.text();
  if (content.type.includes('json')) {
    const answer = exact(text);
    text = JSON.stringify(answer, null, 2);
    // Whoever has submitted a task will ask for it.
    for (const input of document.querySelectorAll('input[name="task_id"]')) input.value ||= answer?.task_id ?? '';
  }
  return box(text.length > MOST ? `${text.slice(0, MOST)}\n… ${(text.length - MOST).toLocaleString()} more characters` : text, 'The body of the answer');
}

function curl(place, method, headers, key, body) {
  const quoted = text => `'${text.replaceAll('\'', '\'\\\'\'')}'`;
  return [
    `curl -i${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} ${quoted(new URL(place, location.href).href)}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    key && '-H "x-functions-key: $KEY"',
    body && (typeof body.content === 'string' ? `-d ${quoted(body.content)}` : `--data-binary @${quoted(body.content?.name ?? '')}`),
  ].filter(part => part).join(' \\\n  ');
}

function render() {
  const { info, tags, paths, webhooks = {}, components } = api;
  const all = (places, isSent) => Object.entries(places).flatMap(([path, methods]) =>
    METHODS.filter(method => method in methods).map(method => [path, method, methods[method], isSent]));
  const parts = [
    ...tags.map(({ name, description }) => [name, description, all(paths, true).filter(([, , one]) => one.tags[0] === name)]),
    ['webhooks', 'What the service sends.', all(webhooks, false)],
  ].filter(([, , operations]) => operations.length > 0);
  setText($('docs-title'), `${info.title}, version ${info.version}`);
  document.title = `API reference: ${info.title}`;
  $('about').replaceChildren(...prose(info.description));
  $('contents').replaceChildren(make('ul', '', parts.flatMap(([, , operations]) => operations).map(([path, method, { operationId }]) =>
    make('li', '', give({ href: `#${operationId}` }, make('a', '', verb(method), ' ', path))))));
  $('operations').replaceChildren(
    ...parts.flatMap(([name, description, operations]) => [element('h2', '', name), ...prose(description), ...operations.map(one => operation(...one))]),
    element('h2', '', 'Schemas'),
    ...Object.entries(components.schemas).map(([name, schema]) => give({ id: `schema-${name}` }, make('article', 'card operation',
      element('h3', '', name), prose(schema.description), schema.properties ? members(schema) : make('p', '', type(schema))))));
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

try {
  const response = await fetch('openapi.json');
  if (!response.ok) throw new Error(`The service answered ${response.status}.`);
  api = exact(await response.text());
  render();
} catch (error) {
  setText($('about'), `The description cannot be shown: ${error.message}`);
}
