import { notFoundRoute } from '@/lib/run/serve';

/** Every /api path that no other route answers, the auth library's unopened endpoints among them. */
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = notFoundRoute();
