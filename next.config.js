// Headers that do not depend on the request. The Content-Security-Policy of a page carries a nonce: see proxy.ts.
const securityHeaders = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()' },
  { key: 'Strict-Transport-Security', value: 'max-age=31536000; includeSubDomains' },
];

/** @type {import('next').NextConfig} */
const config = {
  output: process.env.NEXT_OUTPUT === 'standalone' ? 'standalone' : undefined,
  outputFileTracingIncludes: { '/*': ['./drizzle/migrations/**'] },
  poweredByHeader: false,
  compress: true,
  reactStrictMode: true,
  // One copy for all bundles: the pool that they share throws errors of these, and each bundle has to know them.
  serverExternalPackages: ['pg', 'libpg-query', 'drizzle-orm', 'cockatiel', 'prom-client', 'rate-limiter-flexible'],
  devIndicators: false,
  // A cache of the development server that was cut short made every page reload without end; it is not kept between runs.
  experimental: { authInterrupts: true, turbopackFileSystemCacheForDev: false },
  headers: async () => [
    { source: '/:path*', headers: securityHeaders },
    {
      source: '/api/:path*',
      headers: [
        { key: 'Content-Security-Policy', value: "default-src 'none'; frame-ancestors 'none'" },
        { key: 'Cache-Control', value: 'no-store' },
      ],
    },
  ],
};

export default config;
