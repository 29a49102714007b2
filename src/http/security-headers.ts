import helmet from '@fastify/helmet';
import { fastify as newFastify, type FastifyInstance, type FastifyReply } from 'fastify';
import { isDocs, isPage } from './routes.js';

export type Headers = readonly (readonly [name: string, value: string])[];
export interface SecurityHeaders {
  /** Of JSON, problems and event streams: nothing in them is ever run or shown in a frame. */
  readonly api: Headers;
  /** Of `/docs`, whose scripts and styles come from this server. */
  readonly docs: Headers;
  /** Of the pages, which take nothing from elsewhere and send forms to this server alone. */
  readonly pages: Headers;
}

const none = ["'none'"];
const self = ["'self'"];
const common = { 'base-uri': none, 'form-action': none, 'frame-ancestors': none };
const api = { 'default-src': none, ...common };
const docs = {
  'default-src': none,
  'script-src': self,
  'style-src': [...self, "'unsafe-inline'"], // swagger-ui writes style elements and attributes
  'img-src': [...self, 'data:'],
  'font-src': self,
  'connect-src': self,
  ...common,
};
const pages = { 'default-src': self, 'object-src': none, ...common, 'form-action': self };

/**
 * The headers that helmet sets, made once for each kind of answer: helmet works out the same headers on every request, which costs 15 µs.
 * @param overTls whether the server stands behind TLS: then browsers shall use nothing else
 */
export const securityHeaders = async (overTls: boolean): Promise<SecurityHeaders> => {
  const made = async (directives: Readonly<Record<string, readonly string[]>>, isPage: boolean): Promise<Headers> => {
    const asked = newFastify();
    await asked.register(helmet, {
      contentSecurityPolicy: { useDefaults: false, directives: directives as Record<string, string[]> },
      strictTransportSecurity: overTls && { maxAge: 31_536_000, includeSubDomains: false },
      // what only a page has a use for
      // without a referrer a browser says of a form that its origin is unknown, and the form would be refused
      ...(directives === pages && { referrerPolicy: { policy: 'same-origin' as const } }),
      crossOriginOpenerPolicy: isPage && { policy: 'same-origin' },
      xFrameOptions: isPage && { action: 'deny' }, // else the policy says it
      // for browsers that nobody has any more, or for pages with parts from elsewhere
      originAgentCluster: false,
      xDnsPrefetchControl: false,
      xDownloadOptions: false,
      xPermittedCrossDomainPolicies: false,
      xXssProtection: false,
    });
    asked.get('/', (_, reply) => reply.send());
    const { headers } = await asked.inject('/');
    await asked.close();
    const own = ['content-length', 'content-type', 'date', 'connection', 'keep-alive'];
    return Object.entries(headers).flatMap(([name, value]) => (own.includes(name) ? [] : [[name, String(value)] as const]));
  };
  return { api: await made(api, false), docs: await made(docs, true), pages: await made(pages, true) };
};

/** Not on the raw answer: Node writes headers much more slowly once some are set there. */
export const secure = (reply: FastifyReply, headers: Headers): void => {
  for (const [name, value] of headers) reply.header(name, value);
};

export const addSecurityHeaders = (fastify: FastifyInstance, { api, docs, pages }: SecurityHeaders): void => {
  fastify.addHook('onRequest', (request, reply, done) => {
    const { url: route = '' } = request.routeOptions;
    secure(reply, isPage(route) ? pages : isDocs(route) ? docs : api);
    done();
  });
};
