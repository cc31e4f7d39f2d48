import { z } from 'zod';
import { endpoint, type Endpoint } from '@/lib/kit/endpoint';
import { actionEndpoint } from '@/lib/run/actions/action-endpoint';
import { actions } from '@/lib/run/actions/registry';
import { diagnosticEndpoint } from '@/lib/run/diagnostic-endpoint';
import { openApi } from '@/lib/run/openapi';
import { diagnostics } from '@/lib/run/registry';
import { getActions } from './actions/endpoints';
import { assessmentEndpoints } from './assessments/endpoints';
import { auditEndpoints } from './audit/endpoints';
import { authEndpoints } from './auth/endpoints';
import { exportEndpoints } from './exports/endpoints';
import { findingEndpoints } from './findings/endpoints';
import { jobEndpoints } from './jobs/endpoints';
import { operationEndpoints } from './operations';
import { planEndpoints } from './plans/endpoints';
import { scheduleEndpoints } from './schedules/endpoints';
import { sessionEndpoints } from './sessions/endpoints';
import { tokenEndpoints } from './tokens/endpoints';
import { userEndpoints } from './users/endpoints';

export const getOpenApi: Endpoint = endpoint({
  method: 'GET',
  path: '/api/openapi.json',
  summary: 'This description',
  access: 'signed-in',
  answers: { 200: z.record(z.string(), z.unknown()) },
  handle: async () => ({ json: openApi(endpoints) }),
});

/** Every endpoint of the console. OpenAPI and the route tests read this list; a test holds it against the build's routes. */
export const endpoints: Endpoint[] = [...assessmentEndpoints, ...authEndpoints, ...userEndpoints, ...sessionEndpoints, ...tokenEndpoints, ...auditEndpoints, ...exportEndpoints, ...findingEndpoints, ...operationEndpoints, ...planEndpoints, ...jobEndpoints, ...scheduleEndpoints, getActions, getOpenApi, ...[...diagnostics.values()].map(diagnosticEndpoint), ...[...actions.values()].map(actionEndpoint)];
