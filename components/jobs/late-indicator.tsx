'use client';

import dynamic from 'next/dynamic';

/** Loaded after the page. */
export const LateJobIndicator = dynamic(() => import('./job-indicator').then((module) => module.JobIndicator), { ssr: false });
