import type { ReactNode } from 'react';
import { ListAddressKeeper } from '@/components/assessments/detail-back';

export default function AssessmentsLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <ListAddressKeeper />
      {children}
    </>
  );
}
