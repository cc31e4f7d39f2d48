import type { z } from 'zod';
import type { Access } from './permission';
import type { Caller } from './caller';

export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof methods)[number];

type Shape = z.ZodType | undefined;
type Out<S extends Shape> = S extends z.ZodType ? z.output<S> : undefined;

export type EndpointInput<P extends Shape, Q extends Shape, B extends Shape> = {
  /** Null only where `access` is `public`. */
  caller: Caller | null;
  params: Out<P>;
  query: Out<Q>;
  body: Out<B>;
  request: Request;
};

/** A JSON answer. `json` is a value, or text that is JSON already (PostgreSQL built it); `stream` is a file as it is, of `type`. */
export type Answer = { status?: number; json?: unknown; text?: string; stream?: ReadableStream; type?: string; headers?: Record<string, string>; cookies?: string[] };

export type EndpointSpec<P extends Shape = Shape, Q extends Shape = Shape, B extends Shape = Shape> = {
  method: Method;
  /** As in OpenAPI: `/api/assessments/{id}`. */
  path: `/api/${string}`;
  summary: string;
  /** Stated by every endpoint; there is no default. */
  access: Access;
  params?: P;
  query?: Q;
  body?: B;
  /** Bytes of body accepted; 1 MiB unless told. */
  maxBytes?: number;
  /** Milliseconds until the caller gets 503; REQUEST_TIMEOUT unless told. */
  deadlineMs?: number;
  /** Success answers by status; `null` has no body. */
  answers: Record<number, z.ZodType | null>;
  /** Further problem codes by status beyond those every endpoint can give. */
  problems?: number[];
  handle: (input: EndpointInput<P, Q, B>) => Promise<Answer>;
};

/** Any endpoint, as the server and OpenAPI see it. */
export type Endpoint = EndpointSpec;

/** Declares a route: what it takes, who may call it and what it answers. */
export function endpoint<P extends Shape = undefined, Q extends Shape = undefined, B extends Shape = undefined>(spec: EndpointSpec<P, Q, B>): Endpoint {
  return spec as unknown as Endpoint;
}
