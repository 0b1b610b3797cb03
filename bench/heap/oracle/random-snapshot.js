'use strict';

// Snapshots that no V8 would write, and that every rule of DevTools has work with: random graphs over all types, with
// weak circles, nodes that nothing holds, pairs of WeakMaps, shared parts, detached trees, and layouts in many orders.

/** A small generator of random numbers (mulberry32): the same snapshots for the same seed everywhere. */
function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    below: (bound) => Math.floor(next() * bound),
    chance: (probability) => next() < probability,
    pick: (list) => list[Math.floor(next() * list.length)],
    shuffle(list) {
      const shuffled = [...list];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1));
        [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
      }
      return shuffled;
    },
  };
}

const NODE_TYPES = ['hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic',
  'concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape', 'wasm object'];
const EDGE_TYPES = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'];
const NAMES = {
  hidden: ['system / NativeContext', 'system / Map', 'system / PropertyCell', ''],
  array: ['(map descriptors)', '', '(object elements)'],
  object: ['Object', 'Object', 'Object', 'Array', 'Foo', 'Session', '<tag with="space">', '<b>', 'global'],
  native: ['<div id="a">', '<p>', 'Detached <i class="b">', 'system / JSArrayBufferData', 'system / ExternalStringData', 'Document', 'Foo'],
  synthetic: ['(GC roots)', '(Document DOM trees)', '(Global handles)'],
};
const PROPERTIES = ['a', 'b', 'c', 'name', 'odd, name', 'quo"te', '__proto__', 'é∑', 'x'.repeat(70), 'y'.repeat(60)];
const INTERNAL = ['elements', 'map', 'properties', 'value', 'sloppy_function_map', 'length'];
const TEXTS = ['', 'text', '😀 pair', 'half \ud83d', 'x'.repeat(1024), 'with "quotes" \\ and \n line', 'bool', 'system / Context'];

/** The text of a snapshot of about `count` nodes. Equal `seed` → equal text; `idSeed` decides which ids objects have. */
function randomSnapshot(seed, count, idSeed = seed) {
  const random = generator(seed);
  const ids = generator(idSeed);
  const strings = [];
  const indexes = new Map();
  const string = (text) => {
    if (!indexes.has(text)) indexes.set(text, strings.push(text) - 1);
    return indexes.get(text);
  };
  string('<dummy>');

  let lastId = 1;
  const nodes = Array.from({ length: count }, (_, i) => {
    let type = random.pick(NODE_TYPES);
    if (random.chance(0.25)) type = 'object';
    if (random.chance(0.1)) type = 'array';
    if (i === 0 || (i < 6 && random.chance(0.7))) type = 'synthetic';
    const name = random.pick(NAMES[type] ?? TEXTS);
    lastId += 1 + ids.below(4);
    return {
      type, name: i === 0 ? '' : name, id: lastId, size: random.chance(0.2) ? 0 : random.below(200), edges: [],
      detachedness: type === 'native' && random.chance(0.3) ? random.below(3) : random.chance(0.02) ? random.below(3) : 0,
    };
  });
  const byType = (type) => nodes.flatMap((node, i) => (node.type === type ? [i] : []));
  const add = (from, type, name, to) => nodes[from].edges.push({ type, name, to });

  // Synthetic nodes hang from the root, globals by shortcuts.
  for (const i of byType('synthetic')) if (i > 0 && random.chance(0.9)) add(0, 'element', i, i);
  const globals = random.chance(0.9) ? 1 + random.below(3) : 0;
  // No two to one node: DevTools' search counts that one twice and gives up if it reaches all.
  const targets = new Set(Array.from({ length: globals }, () => 1 + random.below(count - 1)));
  for (const to of targets) if (nodes[to].type !== 'synthetic') add(0, 'shortcut', `global ${to}`, to);
  const strongest = 0.6 + random.below(4) / 10;
  for (let i = 1; i < count; i++) {
    const { type } = nodes[i];
    if (type === 'concatenated string') {
      // Parts come before, or DevTools would go round in circles.
      const parts = nodes.flatMap((node, j) => (j < i && /string/.test(node.type) ? [j] : []));
      if (parts.length > 0) for (const name of ['first', 'second']) add(i, 'internal', name, random.pick(parts));
      continue;
    }
    for (let edges = random.below(5); edges > 0; edges--) {
      const to = random.chance(0.5) ? Math.min(count - 1, i + 1 + random.below(8)) : random.below(count);
      const edgeType = random.chance(strongest) ? random.pick(['property', 'internal', 'element', 'context']) : random.pick(EDGE_TYPES);
      const name = edgeType === 'element' || edgeType === 'hidden' ? random.below(9)
        : edgeType === 'internal' ? random.pick(INTERNAL)
          : edgeType === 'shortcut' ? random.pick(['bound_this', '3'])
            : random.pick(PROPERTIES);
      add(i, edgeType, name, to);
    }
    // Shapes that several objects share.
    if (nodes[i].name === 'Object' && random.chance(0.6)) {
      for (const name of random.pick([['a', 'b'], ['a'], ['name', 'a', 'b'], ['odd, name']])) add(i, 'property', name, random.below(count));
    }
  }
  for (let pair = 0; pair < 4; pair++) {
    const [table, key, value] = [1 + random.below(count - 1), 1 + random.below(count - 1), 1 + random.below(count - 1)];
    const shared = ` / part of key (K @${nodes[key].id}) -> value (V @${nodes[value].id}) pair in WeakMap (table @${nodes[table].id})`;
    add(key, 'internal', `${pair * 2 + 1}${shared}`, value);
    if (random.chance(0.8)) add(table, 'internal', `${pair * 2 + 2}${shared}`, value);
  }

  const detachedness = random.chance(0.8);
  const nodeFields = random.shuffle(['type', 'name', 'id', 'self_size', 'edge_count', ...(detachedness ? ['detachedness'] : []), ...(random.chance(0.5) ? ['trace_node_id'] : [])]);
  const edgeFields = random.shuffle(['type', 'name_or_index', 'to_node']);
  const locationFields = random.shuffle(['object_index', 'script_id', 'line', 'column', ...(random.chance(0.5) ? ['script_object_index'] : [])]);
  const types = (fields, names) => fields.map((field) => (field === 'type' ? names : field === 'name' ? 'string' : 'number'));
  const nodeTypes = random.shuffle(NODE_TYPES);
  const edgeTypes = random.shuffle(EDGE_TYPES);
  const newline = random.chance(0.5) ? '\n' : '';
  const rows = (list, fields) => list.map((row) => fields.map((field) => row[field]).join(',')).join(`${newline},`) + newline;
  const nodeRows = nodes.map((node) => ({
    type: nodeTypes.indexOf(node.type), name: string(node.name), id: node.id, self_size: node.size,
    edge_count: node.edges.length, detachedness: node.detachedness, trace_node_id: 0,
  }));
  const edgeRows = nodes.flatMap((node) => node.edges.map((edge) => ({
    type: edgeTypes.indexOf(edge.type),
    name_or_index: typeof edge.name === 'number' ? edge.name : string(edge.name),
    to_node: edge.to * nodeFields.length,
  })));
  const locations = nodes.flatMap((node, i) => (node.name === 'Foo' || node.type === 'closure'
    ? [{ object_index: i * nodeFields.length, script_id: 3, line: i % 2, column: 4, script_object_index: 0 }] : []));
  const header = {
    meta: {
      node_fields: nodeFields, node_types: types(nodeFields, nodeTypes),
      edge_fields: edgeFields, edge_types: types(edgeFields, edgeTypes),
      trace_function_info_fields: [], trace_node_fields: [], sample_fields: ['timestamp_us', 'last_assigned_id'],
      location_fields: locationFields,
    },
    node_count: nodes.length, edge_count: edgeRows.length, trace_function_count: 0,
    ...(random.chance(0.5) ? { extra_native_bytes: 1000 } : {}),
  };
  return [
    `{"snapshot":${JSON.stringify(header)}`,
    `"nodes":[${rows(nodeRows, nodeFields)}]`, `"edges":[${rows(edgeRows, edgeFields)}]`,
    '"trace_function_infos":[]', '"trace_tree":[]', '"samples":[]',
    `"locations":[${rows(locations, locationFields)}]`, `"strings":${JSON.stringify(strings, null, 0)}}`,
  ].join(',\n');
}

module.exports = { randomSnapshot };
