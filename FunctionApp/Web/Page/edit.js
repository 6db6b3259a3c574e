// Another label, start or end of keeping for a task.

import { call, told } from './api.js';
import { put, tasks } from './live.js';
import { $, busily, show, toast } from './dom.js';
import { ended, fromField, shortId, toField } from './format.js';

let id = null;
// The task that the fields were filled from, and what they had then.
let from;
let filled;

const values = () => ({ label: $('edit-label').value.trim(), start: $('edit-start').value, end: $('edit-end').value, isKept: $('edit-keep').checked });

export function startEdit() {
  $('edit').addEventListener('toggle', () => { if ($('edit').open && tasks.has(id)) fill(tasks.get(id)); });
  // The fields' times are of one zone.
  $('zone').addEventListener('click', () => edit(id));
  $('edit-form').addEventListener('submit', event => {
    event.preventDefault();
    busily($('edit-save'), () => told(() => save(id)));
  });
}

// The form is that of this task from now on, and closed.
export function edit(taskId) {
  id = taskId;
  $('edit').open = false;
}

function fill(task) {
  from = task;
  $('edit-label').value = task.label ?? '';
  $('edit-start').value = toField(task.start_at) ?? '';
  show($('edit-start').parentElement, task.status === 'Scheduled');
  $('edit-end').value = toField(task.expires_at) ?? '';
  $('edit-keep').checked = ended(task) && task.expires_at === null;
  filled = values();
}

function changes() {
  const { label, start, end, isKept } = values();
  const wanted = {};
  if (label !== filled.label) wanted.label = label || null;
  if (start !== filled.start) wanted.start_at = start ? fromField(start) : null;
  if (isKept && !filled.isKept) wanted.expires_at = null;
  else if (!isKept && end && end !== filled.end) wanted.expires_at = fromField(end);
  return wanted;
}

async function save(taskId) {
  const wanted = changes();
  const names = Object.keys(wanted);
  for (let attempt = 1; names.length > 0; attempt++) {
    const { body: current, etag } = await call('GET', `tasks/${taskId}`);
    put(current);
    if (id !== taskId) return;
    if (names.some(name => current[name] !== from[name])) {
      fill(current);
      toast('The task has changed in the meantime. The fields show how it is now.', true);
      return;
    }
    try {
      put((await call('PATCH', `tasks/${taskId}`, { body: JSON.stringify(wanted), headers: { 'Content-Type': 'application/json', 'If-Match': etag } })).body);
      break;
    } catch (error) {
      // Progress is a change too, and no reason to give up at once.
      if (error.status !== 412 || attempt === 5) throw error;
    }
  }
  toast(names.length > 0 ? `Task ${shortId(taskId)} was changed.` : 'Nothing was changed.');
  if (id !== taskId) return;
  $('edit').open = false;
  $('edit').querySelector('summary').focus();
}
