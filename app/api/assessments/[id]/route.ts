import { mount } from '@/lib/run/serve';
import { getAssessment, patchAssessment, deleteAssessmentById } from '@/app/api/assessments/endpoints';

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = mount(getAssessment, patchAssessment, deleteAssessmentById);
