import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import { themeOfRequest } from '@/components/shell/theme-of-request';
import './globals.css';

export const metadata: Metadata = { title: { default: 'Riskdesk', template: '%s · Riskdesk' }, description: 'Risk assessments, and the PostgreSQL under them.', robots: { index: false } };

export const viewport: Viewport = { themeColor: [{ media: '(prefers-color-scheme: light)', color: '#f6f7f7' }, { media: '(prefers-color-scheme: dark)', color: '#0c1011' }] };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = await themeOfRequest();
  return (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme} className={`${GeistSans.variable} ${GeistMono.variable}`}>
      <body className="font-sans">{children}</body>
    </html>
  );
}
