// Shows an answer: its JSON, its errors, and in plain words what the caller may see and from where.
import { make, word, wordIn } from './words.js';

const LONGEST_COLOURED = 200_000;
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function showJson(target, value) {
  const text = JSON.stringify(value, null, 2);
  if (text.length > LONGEST_COLOURED) { target.textContent = text; return; }
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [whole, string, colon] = found;
    const kind = string ? (colon ? 'k' : 's') : 'n';
    const shown = string ?? whole;
    parts.push(text.slice(at, found.index), make('span', { className: kind }, shown));
    at = found.index + shown.length;
  }
  target.replaceChildren(...parts, text.slice(at));
}

// Errors that are not told by the access panel: those without a decision about a field.
export function showProblems(target, errors, goTo) {
  const list = (errors ?? []).filter((error) => !error.extensions?.coordinate);
  target.replaceChildren(list.length === 0 ? '' : make('ul', {}, ...list.map((error) => {
    const place = error.locations?.[0];
    const line = place && make('button', { type: 'button', className: 'word', onclick: () => goTo(place.line, place.column) }, word('line', place.line));
    const code = error.extensions?.code;
    const id = error.extensions?.requestId;
    return make('li', {}, error.message, ' ', line, code ? make('code', {}, ` ${code}`) : '',
      error.path ? make('span', { className: 'path' }, error.path.join('.')) : '',
      id ? make('span', { className: 'path' }, `${word('requestId')} ${id}`) : '');
  })));
}

function where(entry) {
  const parts = [];
  if (entry.sources) parts.push(word('onlySources', entry.sources.join(', ')));
  if (entry.positions) parts.push(word('positions', ranges(entry.positions)));
  if (entry.subjectKinds) parts.push(word('onlyKinds', entry.subjectKinds.join(', ')));
  return parts.join('; ');
}

// 0-based positions as 1-based numbers, runs joined: [0,1,2,5] is 1–3, 6.
function ranges(positions) {
  const runs = [];
  for (const position of positions) {
    const last = runs.at(-1);
    if (last && last[1] === position) last[1] = position + 1;
    else runs.push([position + 1, position + 1]);
  }
  return runs.map(([from, to]) => (from === to ? from : `${from}–${to}`)).join(', ');
}

// A path that may break behind its dots.
const breakable = (path) => path.split('.').flatMap((part, at) => (at ? ['.', make('wbr'), part] : [part]));

function entryLine(entry, explain) {
  const path = typeof entry === 'string' ? entry : entry.path;
  const rules = entry.rules?.length ? `${word('rule')} ${entry.rules.join(', ')}` : '';
  const notes = typeof entry === 'string' ? '' : [explain(entry), where(entry), rules].filter(Boolean).join(' · ');
  return make('li', {}, make('span', { className: 'path' }, ...breakable(path)), notes && make('span', { className: 'note' }, notes));
}

function group(kind, entries, explain) {
  if (!entries?.length) return '';
  return make('details', { className: kind, open: kind !== 'clear' },
    make('summary', {}, word(kind, entries.length)),
    make('ul', {}, ...entries.map((entry) => entryLine(entry, explain))));
}

export function showAccess(target, access) {
  const groups = access ? [
    group('denied', access.denied, (entry) => `${wordIn('uses', entry.use)} ${entry.missing ? wordIn('missing', entry.missing) : ''}`),
    group('masked', access.masked, (entry) => wordIn('masks', entry.mask)),
    group('clear', access.clear, () => ''),
  ].filter(Boolean) : [];
  target.replaceChildren(...(groups.length ? groups : [make('p', { className: 'note' }, word('accessEmpty'))]));
}

export function showSources(target, sources) {
  if (!sources) { target.replaceChildren(make('p', { className: 'note' }, word('sourcesEmpty'))); return; }
  if (sources.length === 0) { target.replaceChildren(make('p', { className: 'note' }, word('nothingAsked'))); return; }
  const head = ['department', 'outcome', 'asOf'].map((name) => make('th', { scope: 'col' }, word(name)));
  const rows = sources.map(({ source, outcome, asOf }) => make('tr', {},
    make('th', { scope: 'row' }, source), make('td', {}, wordIn('outcomes', outcome)), make('td', {}, asOf?.replace('T', ' ').replace('Z', ' UTC') ?? '–')));
  target.replaceChildren(make('table', {}, make('thead', {}, make('tr', {}, ...head)), make('tbody', {}, ...rows)));
}
