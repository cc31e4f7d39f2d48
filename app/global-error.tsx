'use client';

/** The last resort, when even the frame of all pages fails: no style and no script of ours can be relied on. */
export default function GlobalError() {
  return (
    <html lang="en">
      <head>
        <title>Riskdesk</title>
      </head>
      <body style={{ fontFamily: 'system-ui, sans-serif', maxWidth: '32rem', margin: '20vh auto', padding: '0 1.5rem', lineHeight: 1.5, colorScheme: 'light dark' }}>
        <main>
          <h1 style={{ fontSize: '1.5rem' }}>Something went wrong on our side</h1>
          <p>The error is in the server’s log.</p>
          <form action="/">
            <button type="submit">To the overview</button>
          </form>
        </main>
      </body>
    </html>
  );
}
