import { mount } from '@/lib/run/serve';
import { getAssessments, postAssessment } from '@/app/api/assessments/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getAssessments, postAssessment);
