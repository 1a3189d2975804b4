// Help while writing a query: indentation, pairs of brackets, line numbers, what is not closed.
import { word } from './words.js';

const PAIRS = { '{': '}', '(': ')', '[': ']' };
const STEP = '  ';
// Comments, strings and block strings: brackets in them count for nothing.
const SILENT = /#[^\n]*|"""[^]*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?/g;

// Replace the selection so that the browser's undo still works.
function type(field, text) {
  if (!document.execCommand('insertText', false, text)) {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
    field.dispatchEvent(new Event('input'));
  }
}

// The first bracket without a partner, as { sign, line, isOpen }; null if all have one.
export function firstUnmatched(text) {
  const quiet = text.replace(SILENT, (part) => part.replace(/[^\n]/g, ' '));
  const open = [];
  let line = 1;
  for (const sign of quiet) {
    if (sign === '\n') line += 1;
    else if (PAIRS[sign]) open.push({ sign, line, isOpen: true });
    else if (Object.values(PAIRS).includes(sign)) {
      const last = open.pop();
      if (!last || PAIRS[last.sign] !== sign) return last ?? { sign, line, isOpen: false };
    }
  }
  return open.pop() ?? null;
}

function newLine(field) {
  const { value, selectionStart: at } = field;
  const indent = value.slice(value.lastIndexOf('\n', at - 1) + 1, at).match(/^ */)[0];
  const isOpen = value[at - 1] in PAIRS;
  const isBetween = isOpen && PAIRS[value[at - 1]] === value[at];
  type(field, `\n${indent}${isOpen ? STEP : ''}${isBetween ? `\n${indent}` : ''}`);
  if (isBetween) field.selectionStart = field.selectionEnd = at + 1 + indent.length + STEP.length;
}

function shiftLines(field, isOut) {
  const { value, selectionStart: from, selectionEnd: to } = field;
  const start = value.lastIndexOf('\n', from - 1) + 1;
  const block = value.slice(start, to);
  const shifted = isOut ? block.replace(/^ {1,2}/gm, '') : block.replace(/^/gm, STEP);
  field.setSelectionRange(start, to);
  type(field, shifted);
  field.setSelectionRange(start, start + shifted.length);
}

function tab(field, isOut) {
  if (isOut || field.value.slice(field.selectionStart, field.selectionEnd).includes('\n')) shiftLines(field, isOut);
  else type(field, STEP);
}

function pair(field, key) {
  const { value, selectionStart: from, selectionEnd: to } = field;
  const after = value[to] ?? '\n';
  if (PAIRS[key] && (from !== to || /[\s)\]}]/.test(after))) {
    type(field, key + value.slice(from, to) + PAIRS[key]);
    field.setSelectionRange(from + 1, to + 1);
    return true;
  }
  if (from === to && Object.values(PAIRS).includes(key) && after === key) {
    field.setSelectionRange(from + 1, from + 1);
    return true;
  }
  return false;
}

// Put a text at the caret and a blank around it where needed.
export function insert(field, text) {
  field.focus();
  const before = field.value[field.selectionStart - 1] ?? ' ';
  const after = field.value[field.selectionEnd] ?? ' ';
  type(field, `${/\s/.test(before) ? '' : ' '}${text}${/\s/.test(after) ? '' : ' '}`);
}

// Move the caret to a line and show it.
export function goTo(field, line, column) {
  const lines = field.value.split('\n');
  const at = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0) + column - 1;
  field.focus();
  field.setSelectionRange(at, at);
}

// Give a text field the editor's keys. Escape lets the next Tab leave it.
export function help(field, { lines, note, run }) {
  let mayLeave = false;
  field.addEventListener('keydown', (event) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); return; }
    if (event.key === 'Escape') { mayLeave = true; return; }
    if (event.key === 'Tab' && isPlain && !mayLeave) { event.preventDefault(); tab(field, event.shiftKey); }
    else if (event.key === 'Enter' && isPlain) { event.preventDefault(); newLine(field); }
    else if (isPlain && pair(field, event.key)) event.preventDefault();
    if (event.key !== 'Shift') mayLeave = false;
  });
  const check = () => {
    const wrong = firstUnmatched(field.value);
    if (note) {
      note.textContent = wrong ? word(wrong.isOpen ? 'unclosed' : 'unopened', wrong.sign, wrong.line) : '';
      note.classList.toggle('wrong', Boolean(wrong));
    }
    if (lines) {
      lines.textContent = Array.from(field.value.split('\n'), (_, number) => number + 1).join('\n');
      lines.scrollTop = field.scrollTop;
    }
  };
  field.addEventListener('input', check);
  field.addEventListener('scroll', () => { if (lines) lines.scrollTop = field.scrollTop; });
  check();
  return check;
}
