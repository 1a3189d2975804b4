// The page's words in both languages, and which language is shown.
const WORDS = {
  en: {
    title: 'Public credit data, one network', skip: 'Go to the query', token: 'Token',
    anonymous: 'none – you ask as the public',
    tokenNote: 'Kept in this page only, never stored. Without a token you ask as the public.',
    query: 'Query', examples: 'Examples', chooseExample: 'Examples …', variables: 'Variables (JSON)',
    hint: 'Ctrl+Enter runs. Tab indents; press Esc, then Tab, to leave the field.',
    run: 'Run', stop: 'Stop', answer: 'Answer', access: 'What you may see, and why',
    accessEmpty: 'After a query you see here which fields came in full, masked or not at all.',
    sources: 'Where it came from', sourcesEmpty: 'After a query you see here which departments answered.',
    schema: 'Schema', loadSchema: 'Load', search: 'Search types and fields', trail: 'Types you passed',
    schemaEmpty: 'Load the schema to look through all types and fields that you could ever read.',
    running: 'Running …', stopped: 'Stopped.', unreachable: 'The server cannot be reached.',
    badVariables: 'The variables are not a JSON object.', notJson: 'The server sent something that is not JSON.',
    finished: ({ status, ms, size }) => `Status ${status}, ${ms} ms, ${size}`,
    clear: (n) => `In full: ${n}`, masked: (n) => `Masked: ${n}`, denied: (n) => `Not shown: ${n}`,
    rule: 'Rule', line: (n) => `line ${n}`, positions: (list) => `subjects ${list}`,
    onlySources: (list) => `from ${list}`, onlyKinds: (list) => `for ${list}`,
    nothingAsked: 'No department was asked.', department: 'Department', outcome: 'Outcome', asOf: 'As of',
    unclosed: (sign, line) => `“${sign}” on line ${line} is not closed.`,
    unopened: (sign, line) => `“${sign}” on line ${line} closes nothing.`,
    insert: (name) => `Insert ${name} into the query`, arguments: 'Arguments', values: 'Values',
    possible: 'One of', implementers: 'Has the fields of', nothingFound: 'Nothing found.', found: 'Found',
    schemaFailed: 'The schema could not be loaded.', requestId: 'Request', old: 'deprecated',
    masks: {
      NAME: 'family name only', ID: 'middle of the number hidden', ID_STRICT: 'first and last character only',
      PHONE: 'first three and last four digits', ADDRESS: 'down to the district', ACCOUNT: 'last four digits',
      MAIL: 'first letter and domain', AMOUNT_BAND: 'as a range', DOCUMENT: 'hidden', DATE_YEAR: 'year only',
    },
    uses: {
      READ: 'You may not read this field.', FILTER: 'You may not filter by this field.',
      ORDER: 'You may not order by this field.', COUNT: 'You may not count these records.',
      AGGREGATE: 'You may not aggregate this field.',
    },
    missing: {
      NOTHING_HELPS: 'Nobody may in this way.', ANOTHER_CALLER: 'Another kind of caller may.',
      ANOTHER_SUBJECT: 'Only for another kind of subject.', ANOTHER_PURPOSE: 'For another purpose you may.',
      TOKEN: 'The rules permit it; your access token is for less.',
      CONSENT: 'The subject’s consent is needed.', GRANT: 'A sharing grant is needed.',
    },
    outcomes: {
      ANSWERED: 'answered', DOWN: 'does not answer', TIMED_OUT: 'too slow', MALFORMED: 'answer not usable',
      STALE: 'older data',
    },
  },
  zh: {
    title: '公共信用信息 · 一张网', skip: '转到查询', token: '令牌', anonymous: '未填写：以公众身份查询',
    tokenNote: '令牌只保留在本页面中，不会存储。不填写则以公众身份查询。',
    query: '查询', examples: '示例', chooseExample: '示例 …', variables: '变量（JSON）',
    hint: 'Ctrl+Enter 运行。Tab 键缩进；先按 Esc 再按 Tab 可离开输入框。',
    run: '运行', stop: '停止', answer: '结果', access: '您能看到什么，依据是什么',
    accessEmpty: '查询后，这里说明哪些字段完整提供、哪些脱敏、哪些不予提供。',
    sources: '数据来源', sourcesEmpty: '查询后，这里说明哪些部门作了应答。',
    schema: '数据目录（Schema）', loadSchema: '加载', search: '搜索类型和字段', trail: '浏览路径',
    schemaEmpty: '加载后可浏览您的身份可能查询到的全部类型和字段。',
    running: '正在查询 …', stopped: '已停止。', unreachable: '无法连接服务器。',
    badVariables: '变量不是 JSON 对象。', notJson: '服务器返回的内容不是 JSON。',
    finished: ({ status, ms, size }) => `状态 ${status}，${ms} 毫秒，${size}`,
    clear: (n) => `完整提供：${n} 项`, masked: (n) => `脱敏提供：${n} 项`, denied: (n) => `不予提供：${n} 项`,
    rule: '规则', line: (n) => `第 ${n} 行`, positions: (list) => `第 ${list} 个主体`,
    onlySources: (list) => `来源 ${list}`, onlyKinds: (list) => `主体类型 ${list}`,
    nothingAsked: '没有查询任何部门。', department: '部门', outcome: '应答情况', asOf: '数据时间',
    unclosed: (sign, line) => `第 ${line} 行的“${sign}”没有闭合。`,
    unopened: (sign, line) => `第 ${line} 行的“${sign}”没有对应的开始符号。`,
    insert: (name) => `将 ${name} 插入查询`, arguments: '参数', values: '取值',
    possible: '可能的类型', implementers: '实现的接口', nothingFound: '没有找到。', found: '搜索结果',
    schemaFailed: '无法加载数据目录。', requestId: '请求编号', old: '已弃用',
    masks: {
      NAME: '只显示姓氏', ID: '隐藏号码中段', ID_STRICT: '只显示首尾字符', PHONE: '显示前三位和后四位',
      ADDRESS: '只显示到区县', ACCOUNT: '只显示后四位', MAIL: '显示首字母和域名', AMOUNT_BAND: '以区间显示',
      DOCUMENT: '隐藏', DATE_YEAR: '只显示年份',
    },
    uses: {
      READ: '您不能查看该字段。', FILTER: '您不能按该字段筛选。', ORDER: '您不能按该字段排序。',
      COUNT: '您不能统计这类记录的数量。', AGGREGATE: '您不能对该字段进行汇总。',
    },
    missing: {
      NOTHING_HELPS: '任何人都不能以这种方式使用。', ANOTHER_CALLER: '仅其他类型的查询主体可以。',
      ANOTHER_SUBJECT: '仅适用于其他类型的信用主体。', ANOTHER_PURPOSE: '需要其他查询事由。',
      TOKEN: '规则允许，但访问令牌的范围不含此项。',
      CONSENT: '需要信用主体授权。', GRANT: '需要共享授权。',
    },
    outcomes: {
      ANSWERED: '已应答', DOWN: '无应答', TIMED_OUT: '应答超时', MALFORMED: '应答不可用', STALE: '数据较旧',
    },
  },
};

let language = navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';

// The word of a name; with arguments, the sentence that it makes.
export function word(name, ...parts) {
  const found = WORDS[language][name];
  return typeof found === 'function' ? found(...parts) : found;
}

// A word of a group, or the code itself where it is not known.
export const wordIn = (group, code) => WORDS[language][group][code] ?? code;

export const currentLanguage = () => language;

// Write every marked word of the page in the language shown.
export function writeWords() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = word('title');
  for (const each of document.querySelectorAll('[data-word]')) each.textContent = word(each.dataset.word);
  for (const each of document.querySelectorAll('[data-placeholder]')) each.placeholder = word(each.dataset.placeholder);
  for (const each of document.querySelectorAll('[data-label]')) each.setAttribute('aria-label', word(each.dataset.label));
}

export function switchLanguage() {
  language = language === 'zh' ? 'en' : 'zh';
  writeWords();
}

// Make an element: properties, then children as nodes or text. Text is never read as HTML.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
