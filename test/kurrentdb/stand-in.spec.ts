import { StandIn } from './stand-in.js';
import { serverBehaviour } from './server.behaviour.js';

serverBehaviour('the stand-in', async () => {
  const server = await new StandIn().start();
  return { url: server.url, stop: () => server.kill() };
});

const url = process.env['KURRENTDB_URL'];
if (url !== undefined) serverBehaviour('a real server', async () => ({ url }));
