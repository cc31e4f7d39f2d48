import { LinkButton } from '@/components/ui/button';
import { MessagePage } from '@/components/shell/message-page';

export default function Forbidden() {
  return (
    <MessagePage mark="403" title="Your role does not include this page" actions={<LinkButton kind="primary" href="/">To the overview</LinkButton>}>
      An administrator can give you a role that does. Nothing is wrong with the page or with you.
    </MessagePage>
  );
}
