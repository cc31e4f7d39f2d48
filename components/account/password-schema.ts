import { zodResolver } from '@hookform/resolvers/zod';
import { passwordChangeSchema } from '@/lib/rooms/auth/schema';

/** The API's own schema, in a file of its own: it is loaded after the page. */
export const check = zodResolver(passwordChangeSchema);
