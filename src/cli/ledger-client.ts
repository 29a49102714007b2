import { Agent, request, type OutgoingHttpHeaders, type RequestOptions } from 'node:http';
import { urlToHttpOptions } from 'node:url';

export interface Answer {
  readonly status: number;
  readonly replayed: boolean;
  readonly text: string;
}

/** Sends many requests to one server at once over keep-alive connections. Options that all requests share are computed once. */
export class LedgerClient {
  readonly #agent: Agent;
  readonly #shared: RequestOptions;
  readonly #prefix: string;

  /** @param patienceMs how long a connection may be silent before or during an answer */
  constructor(
    url: string,
    private readonly headers: OutgoingHttpHeaders,
    patienceMs: number,
  ) {
    const at = new URL(url);
    const { protocol, hostname, port, auth } = urlToHttpOptions(at);
    this.#agent = new Agent({ keepAlive: true, timeout: patienceMs });
    this.#shared = { agent: this.#agent, protocol, hostname, port, ...(auth && { auth }) };
    this.#prefix = at.pathname.replace(/\/$/, '');
  }

  /** @throws Error when no complete answer arrives */
  ask(method: 'GET' | 'POST', path: string, body?: string, key?: string): Promise<Answer> {
    const headers: OutgoingHttpHeaders = { ...this.headers };
    if (key !== undefined) headers['idempotency-key'] = key;
    if (body !== undefined) headers['content-type'] = 'application/json';
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.#shared, method, path: this.#prefix + path, headers });
      sent.on('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode!,
            replayed: answer.headers['idempotency-replayed'] === 'true',
            text: (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString(),
          }),
        );
      });
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
