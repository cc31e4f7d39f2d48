import type { Endpoint } from '@/lib/kit/endpoint';
import { diagnosticEndpoint } from '@/lib/run/diagnostic-endpoint';
import { diagnostics } from '@/lib/run/registry';
import { authEndpoints } from './auth/endpoints';
import { operationEndpoints } from './operations';

/** Every endpoint of the console. OpenAPI and the route tests read this list; a test holds it against the build's routes. */
export const endpoints: Endpoint[] = [...authEndpoints, ...operationEndpoints, ...[...diagnostics.values()].map(diagnosticEndpoint)];
