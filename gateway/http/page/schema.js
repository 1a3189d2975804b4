// The schema browser: what the caller's introspection shows, type by type, with a search.
import { make, word } from './words.js';

const TYPE = 'kind name ofType { kind name ofType { kind name ofType { kind name } } }';
export const INTROSPECTION = `{
  __schema {
    queryType { name } mutationType { name }
    types {
      kind name description
      fields(includeDeprecated: true) { name description isDeprecated args { name description defaultValue type { ${TYPE} } } type { ${TYPE} } }
      inputFields { name description defaultValue type { ${TYPE} } }
      enumValues(includeDeprecated: true) { name description }
      interfaces { name } possibleTypes { name }
    }
  }
}`;
const MOST_FOUND = 100;
// Types that only carry others: found by their name, not by their description.
const CARRIER = /(?:Connection|Edge|Filter|Order|Field)$/;

const typeText = (type) => {
  if (type.kind === 'NON_NULL') return `${typeText(type.ofType)}!`;
  return type.kind === 'LIST' ? `[${typeText(type.ofType)}]` : type.name;
};
const typeName = (type) => (type.ofType ? typeName(type.ofType) : type.name);

// Shows a schema in the elements given; `insert` puts a field's name into the query.
export class SchemaBrowser {
  constructor({ target, trail, search, insert }) {
    Object.assign(this, { target, trail, search, insert, types: new Map(), passed: [] });
    search.addEventListener('input', () => this.show());
  }

  load({ queryType, mutationType, types }) {
    this.types = new Map(types.map((type) => [type.name, type]));
    this.roots = [queryType, mutationType].filter(Boolean).map(({ name }) => name);
    this.passed = [this.roots[0]];
    this.search.hidden = false;
    this.show();
  }

  show() {
    if (this.types.size === 0) return;
    const wanted = this.search.value.trim().toLowerCase();
    if (wanted) { this.showFound(wanted); return; }
    const names = this.passed.length ? this.passed : this.roots;
    this.trail.replaceChildren(...names.map((name, at) => this.link(name, () => { this.passed.length = at + 1; this.show(); })));
    this.showType(this.types.get(names.at(-1)));
  }

  link(name, onclick) {
    return make('button', { type: 'button', className: 'word', onclick }, make('code', {}, name));
  }

  go(name) {
    this.search.value = '';
    const before = this.passed.indexOf(name);
    if (before >= 0) this.passed.length = before + 1;
    else this.passed.push(name);
    this.show();
    this.target.querySelector('h3')?.focus();
  }

  typeLink(type) {
    const name = typeName(type);
    const text = typeText(type);
    return make('button', { type: 'button', className: 'word', onclick: () => this.go(name) }, make('code', {}, text));
  }

  member(item, mayInsert) {
    const old = item.isDeprecated ? make('span', { className: 'note' }, word('old')) : '';
    const add = mayInsert ? make('button', { type: 'button', className: 'insert', onclick: () => this.insert(item.name) }, '+') : '';
    if (add) add.setAttribute('aria-label', word('insert', item.name));
    const preset = item.defaultValue && item.defaultValue !== 'null' ? ` = ${item.defaultValue}` : '';
    const inputs = item.args?.length ? make('details', {}, make('summary', {}, `${word('arguments')} (${item.args.length})`),
      make('ul', {}, ...item.args.map((each) => this.member(each, false)))) : '';
    return make('li', {},
      make('div', { className: 'line' }, make('code', {}, `${item.name}:`), this.typeLink(item.type), preset && make('code', {}, preset), old, add),
      item.description && make('p', { className: 'note' }, item.description), inputs);
  }

  names(title, list) {
    if (!list?.length) return '';
    return make('div', {}, make('h4', { className: 'heading' }, word(title)),
      make('div', { className: 'line' }, ...list.map(({ name }) => this.link(name, () => this.go(name)))));
  }

  showType(type) {
    const isOutput = Boolean(type.fields);
    this.target.replaceChildren(
      make('h3', { tabIndex: -1 }, make('code', {}, type.name)),
      type.description ? make('p', { className: 'note' }, type.description) : '',
      this.names('implementers', type.interfaces),
      make('ul', {}, ...(type.fields ?? type.inputFields ?? []).map((each) => this.member(each, isOutput))),
      this.names('possible', type.possibleTypes),
      type.enumValues ? make('ul', { ariaLabel: word('values') }, ...type.enumValues.map(({ name, description }) => make('li', {},
        make('code', {}, name), description && make('p', { className: 'note' }, description)))) : '');
  }

  // Types and fields whose name or description holds the text; names first.
  showFound(wanted) {
    const inName = [];
    const inDescription = [];
    for (const type of this.types.values()) {
      if (type.name.startsWith('__')) continue;
      for (const item of [{ name: null, description: type.description }, ...(type.fields ?? [])]) {
        const isNamed = (item.name ?? type.name).toLowerCase().includes(wanted);
        if (isNamed) inName.push([type, item]);
        else if (!CARRIER.test(type.name) && item.description?.toLowerCase().includes(wanted)) inDescription.push([type, item]);
      }
    }
    const found = [...inName, ...inDescription].slice(0, MOST_FOUND);
    this.trail.replaceChildren();
    this.target.replaceChildren(make('h3', {}, found.length ? word('found') : word('nothingFound')),
      make('ul', {}, ...found.map(([type, item]) => make('li', {},
        this.link(item.name ? `${type.name}.${item.name}` : type.name, () => this.go(type.name)),
        item.description && make('p', { className: 'note' }, item.description)))));
  }
}
