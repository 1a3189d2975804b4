// The query page: asks the server and shows what comes back. The token lives in its field only.
import { goTo, help, insert } from './editor.js';
import { showAccess, showJson, showProblems, showSources } from './answer.js';
import { INTROSPECTION, SchemaBrowser } from './schema.js';
import { currentLanguage, make, switchLanguage, word, writeWords } from './words.js';

const $ = (id) => document.getElementById(id);
const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';
let examples = [];
let shown = null;
let running = null;
let lastCode = null;

async function ask(query, variables, signal) {
  const token = $('token').value.trim().replace(/^bearer\s+/i, '');
  const headers = { 'content-type': 'application/json', accept: ACCEPT };
  if (token) headers.authorization = `Bearer ${token}`;
  const started = performance.now();
  const response = await fetch('/graphql', {
    method: 'POST', headers, body: JSON.stringify({ query, variables }), signal, credentials: 'omit', cache: 'no-store',
  });
  const text = await response.text();
  let body = null;
  try { body = JSON.parse(text); } catch { /* told to the reader as notJson */ }
  const size = `${(new Blob([text]).size / 1000).toFixed(1)} kB`;
  return { body, status: response.status, ms: Math.round(performance.now() - started), size };
}

// The variables as an object; null if the field holds something else.
function readVariables() {
  const text = $('variables').value.trim();
  if (!text) return {};
  try {
    const value = JSON.parse(text);
    return value && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch { return null; }
}

function showAnswer() {
  if (!shown) return;
  const { body } = shown;
  showJson($('body'), body);
  showProblems($('problems'), body.errors, (line, column) => goTo($('query'), line, column));
  showAccess($('access'), body.extensions?.access);
  showSources($('sources'), body.extensions?.sources);
  $('status').textContent = word('finished', shown);
}

function setRunning(controller) {
  running = controller;
  $('run').disabled = $('load-schema').disabled = Boolean(controller);
  $('stop').hidden = !controller;
}

// Run something that asks the server; its outcome is told in the status line.
async function withServer(action) {
  if (running) return;
  setRunning(new AbortController());
  $('status').textContent = word('running');
  try {
    await action(running.signal);
  } catch (error) {
    $('status').textContent = word(error.name === 'AbortError' ? 'stopped' : 'unreachable');
  } finally {
    setRunning(null);
  }
}

async function run() {
  const variables = readVariables();
  if (variables === null) { $('status').textContent = word('badVariables'); $('variables').focus(); return; }
  await withServer(async (signal) => {
    const answer = await ask($('query').value, variables, signal);
    if (answer.body === null) { $('status').textContent = word('notJson'); return; }
    shown = answer;
    lastCode = JSON.stringify(answer.body).match(/"uscc":"([0-9A-Z]{18})"/)?.[1] ?? lastCode;
    showAnswer();
  });
}

const browser = new SchemaBrowser({
  target: $('types'), trail: $('trail'), search: $('search'), insert: (name) => insert($('query'), name),
});

async function loadSchema() {
  await withServer(async (signal) => {
    const answer = await ask(INTROSPECTION, {}, signal);
    const found = answer.body?.data?.__schema;
    $('status').textContent = found ? word('finished', answer) : word('schemaFailed');
    if (found) browser.load(found);
    else if (answer.body) showProblems($('problems'), answer.body.errors, () => {});
  });
}

function writeExamples() {
  const titles = examples.map(({ title }, at) => make('option', { value: at }, title[currentLanguage()]));
  $('examples').replaceChildren(make('option', { value: '' }, word('chooseExample')), ...titles);
}

// Put an example into the editor; a code seen in an answer stands in for the one in its variables.
function take(example) {
  const variables = JSON.stringify(example.variables, null, 2);
  $('query').value = example.query.join('\n');
  $('variables').value = lastCode ? variables.replace(/"[0-9A-Z]{18}"/, `"${lastCode}"`) : variables;
  $('query').dispatchEvent(new Event('input'));
}

function writeLanguage() {
  $('language').textContent = currentLanguage() === 'zh' ? 'English' : '中文';
  $('language').lang = currentLanguage() === 'zh' ? 'en' : 'zh';
  writeExamples();
  showAnswer();
  browser.show();
  checkQuery();
}

async function start() {
  examples = await (await fetch('/page/examples.json')).json();
  writeExamples();
  take(examples[0]);
}

writeWords();
const checkQuery = help($('query'), { lines: $('lines'), note: $('brackets'), run });
help($('variables'), { run });
$('run').addEventListener('click', run);
$('stop').addEventListener('click', () => running?.abort());
$('load-schema').addEventListener('click', loadSchema);
$('language').addEventListener('click', () => { switchLanguage(); writeLanguage(); });
$('examples').addEventListener('change', ({ target }) => { if (target.value) take(examples[target.value]); target.value = ''; });
$('token').addEventListener('keydown', (event) => { if (event.key === 'Enter') run(); });
writeLanguage();
start();
