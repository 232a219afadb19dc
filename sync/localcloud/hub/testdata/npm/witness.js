// npm ably as an independent client of the hub: node witness.js <port> <json|msgpack>.
// It prints one line per check and ends with 1 at the first that fails.
import Ably from 'ably';
import assert from 'node:assert/strict';

const [port, format] = process.argv.slice(2);
const common = {
  endpoint: '127.0.0.1', port: Number(port), tls: false,
  useBinaryProtocol: format === 'msgpack', disconnectedRetryTimeout: 200, logLevel: 0,
};
const full = { ...common, key: 'local.all:s3cret-all' };
const url = `http://127.0.0.1:${port}`;

const passed = (what) => console.log(`ok ${what}`);
const limit = setTimeout(() => { console.error('too slow'); process.exit(1); }, 40000);

function inbox(channel) {
  const got = [], waiting = [];
  const listen = channel.subscribe((m) => { const w = waiting.shift(); w ? w(m) : got.push(m); });
  return { ready: listen, next: () => got.length ? Promise.resolve(got.shift()) : new Promise((r) => waiting.push(r)) };
}
const code = async (promise) => { try { await promise; } catch (e) { return e.code; } return 0; };

const rt = new Ably.Realtime(full);
await rt.connection.once('connected');
passed('connected');

const channel = rt.channels.get('cp:demo:NODE');
const box = inbox(channel);
await box.ready;
assert.equal(channel.state, 'attached');
passed('attached');

await channel.publish('text', 'kia ora');
assert.equal((await box.next()).data, 'kia ora');
await channel.publish('object', { v: 1, seq: 12 });
assert.deepEqual((await box.next()).data, { v: 1, seq: 12 });
await channel.publish('bytes', Buffer.from([0, 1, 255]));
assert.deepEqual([...Buffer.from((await box.next()).data)], [0, 1, 255]);
passed('text, object and bytes over realtime');

const rest = new Ably.Rest(full);
for (let i = 0; i < 2; i++) await rest.channels.get('cp:demo:NODE').publish({ id: 'S:1', name: 'once', data: { v: 1 } });
await rest.channels.get('cp:demo:NODE').publish([{ name: 'a', data: '1' }, { name: 'b', data: '2' }]);
let m = await box.next();
assert.equal(m.name, 'once');
assert.equal(m.id, 'S:1');
assert.equal((await box.next()).name, 'a');
assert.equal((await box.next()).name, 'b');
passed('REST: a repeated id is one message, an array is all of them');

assert.ok(Math.abs((await rest.time()) - Date.now()) < 60000);
assert.ok((await rt.connection.ping()) >= 0);
passed('time and ping');

// Cut without a word by the test's server; what is said meanwhile arrives.
const id = rt.connection.id;
const away = rt.connection.once('disconnected');
const back = new Promise((r) => channel.on(['attached', 'update'], r));
assert.equal((await fetch(`${url}/test/drop`, { method: 'POST' })).status, 204);
await away;
await rest.channels.get('cp:demo:NODE').publish('meanwhile', 'x');
assert.equal((await box.next()).name, 'meanwhile');
const change = await Promise.race([back, new Promise((r) => setTimeout(r, 500))]);
if (change) assert.equal(change.resumed, true);
assert.equal(rt.connection.id, id);
passed('resumed after a cut');

// The hub forgets everything: continuity is lost, and said to be.
const lost = new Promise((r) => channel.on(['attached', 'update'], (c) => { if (!c.resumed) r(c); }));
assert.equal((await fetch(`${url}/test/restart`, { method: 'POST' })).status, 204);
await lost;
await channel.publish('after', 'x');
do { m = await box.next(); } while (m.name !== 'after');
passed('a restarted hub is not taken for a continued one');

// An idle connection outlives several heartbeat intervals (1 s here).
const broken = new Promise((_, no) => rt.connection.once('disconnected', () => no(new Error('disconnected while idle'))));
await Promise.race([broken, new Promise((r) => setTimeout(r, 4000))]);
broken.catch(() => {});
assert.equal(rt.connection.state, 'connected');
passed('idle connection stays');

const listener = new Ably.Realtime({ ...common, key: 'local.listen:s3cret-listen' });
assert.equal(await code(listener.channels.get('cp:other:X').attach()), 40160);
await listener.channels.get('cp:demo:X').attach();
assert.equal(await code(listener.channels.get('cp:demo:X').publish('x', 'y')), 40160);
assert.equal(await code(new Ably.Rest({ ...common, key: 'local.listen:s3cret-listen' }).channels.get('cp:demo:X').publish('x', 'y')), 40160);
passed('capability refused');

const wrong = new Ably.Realtime({ ...common, key: 'local.all:wrong' });
const failure = await wrong.connection.once('failed');
assert.equal(failure.reason.code, 40101);
passed('wrong key refused');

await channel.detach();
for (const c of [rt, listener]) { const closed = c.connection.once('closed'); c.close(); await closed; }
passed('closed');
clearTimeout(limit);
process.exit(0);
