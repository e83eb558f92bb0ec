// GPUs and their primary contexts.

namespace {

constexpr int MAJOR = 75, MINOR = 76;
constexpr int CUDA_VERSION = 13010;
constexpr const char* NAME = "GPU of the host, for tests";

// counts of what is alive in a context, by kind
std::map<std::string, long> held[GPUS];

void count(const char* kind, long change) { held[current->gpu][kind] += change; }

Status requireGpu(int gpu) {
  return gpu >= 0 && gpu < GPUS ? SUCCESS : refuse(INVALID_DEVICE, "GPU %d of %d", gpu, GPUS);
}

// Behind the text there is rubbish: nobody has promised anything else.
Status put(char* to, int room, const std::string& text) {
  if (to == nullptr || room <= (int)text.size()) return refuse(INVALID_VALUE, "room for %d characters", room);
  std::memset(to, '?', room);
  std::memcpy(to, text.c_str(), text.size() + 1);
  return SUCCESS;
}

}  // namespace

EXPORTED int cuInit(unsigned flags) {
  std::lock_guard<Turns> alone(calls);
  if (flags != 0) return INVALID_VALUE;
  if (Status status = failure("cuInit")) return status;
  initialized = true;
  return SUCCESS;
}

EXPORTED int cuDriverGetVersion(int* version) {
  *version = CUDA_VERSION;
  return SUCCESS;
}

EXPORTED int cuGetErrorString(int status, const char** text) {
  static const std::map<int, const char*> texts = {
      {SUCCESS, "no error"},
      {INVALID_VALUE, "invalid argument"},
      {OUT_OF_MEMORY, "out of memory"},
      {NOT_INITIALIZED, "initialization error"},
      {INVALID_DEVICE, "invalid device ordinal"},
      {INVALID_IMAGE, "device kernel image is invalid"},
      {INVALID_CONTEXT, "invalid device context"},
      {INVALID_HANDLE, "invalid resource handle"},
      {ILLEGAL_STATE, "the operation cannot be performed in the present state"},
      {NOT_FOUND, "named symbol not found"},
      {NOT_READY, "device not ready"},
      {ILLEGAL_ADDRESS, "an illegal memory access was encountered"},
      {CONTEXT_IS_DESTROYED, "context is destroyed"},
      {LAUNCH_FAILED, "unspecified launch failure"},
      {CAPTURE_UNSUPPORTED, "operation not permitted when stream is capturing"},
      {CAPTURE_INVALIDATED, "operation failed due to a previous error during capture"},
      {CAPTURE_MERGE, "operation would result in a merge of separate capture sequences"},
      {CAPTURE_UNMATCHED, "capture was not ended in the same stream as it began"},
      {CAPTURE_UNJOINED, "capturing stream has unjoined work"},
      {CAPTURE_ISOLATION, "dependency created on uncaptured work in another stream"},
      {CAPTURED_EVENT, "operation not permitted on an event last recorded in a capturing stream"},
      {CAPTURE_WRONG_THREAD, "attempt to terminate a thread-local capture sequence from another thread"}};
  auto found = texts.find(status);
  *text = found == texts.end() ? nullptr : found->second;
  return found == texts.end() ? INVALID_VALUE : SUCCESS;
}

EXPORTED int cuDeviceGetCount(int* count) {
  CALL_WITHOUT_CONTEXT("cuDeviceGetCount");
  *count = GPUS;
  return SUCCESS;
}

EXPORTED int cuDeviceGet(int* device, int ordinal) {
  CALL_WITHOUT_CONTEXT("cuDeviceGet");
  *device = ordinal;
  return requireGpu(ordinal);
}

EXPORTED int cuDeviceGetAttribute(int* value, int attribute, int gpu) {
  CALL_WITHOUT_CONTEXT("cuDeviceGetAttribute");
  if (attribute != MAJOR && attribute != MINOR) return refuse(INVALID_VALUE, "attribute %d", attribute);
  *value = attribute == MAJOR ? 9 : 0;
  return requireGpu(gpu);
}

EXPORTED int cuDeviceGetName(char* name, int room, int gpu) {
  CALL_WITHOUT_CONTEXT("cuDeviceGetName");
  Status status = requireGpu(gpu);
  return status != SUCCESS ? status : put(name, room, NAME);
}

EXPORTED int cuDeviceGetPCIBusId(char* id, int room, int gpu) {
  CALL_WITHOUT_CONTEXT("cuDeviceGetPCIBusId");
  Status status = requireGpu(gpu);
  return status != SUCCESS ? status : put(id, room, "0000:00:0" + std::to_string(gpu) + ".0");
}

EXPORTED int cuDevicePrimaryCtxRetain(Context** context, int gpu) {
  CALL_WITHOUT_CONTEXT("cuDevicePrimaryCtxRetain");
  if (Status status = requireGpu(gpu)) return status;
  *context = &contexts[gpu];
  contexts[gpu].users++;
  return SUCCESS;
}

EXPORTED int cuDevicePrimaryCtxRelease_v2(int gpu) {
  CALL_WITHOUT_CONTEXT("cuDevicePrimaryCtxRelease");
  if (Status status = requireGpu(gpu)) return status;
  if (contexts[gpu].users == 0) return refuse(INVALID_CONTEXT, "context of GPU %d released too often", gpu);
  if (--contexts[gpu].users == 0) {
    finishAll();
    contexts[gpu].broken = SUCCESS;
  }
  return SUCCESS;
}

EXPORTED int cuCtxSetCurrent(Context* context) {
  CALL_WITHOUT_CONTEXT("cuCtxSetCurrent");
  if (context != nullptr && context->users == 0) {
    return refuse(CONTEXT_IS_DESTROYED, "the context of GPU %d was released", context->gpu);
  }
  current = context;
  return SUCCESS;
}

namespace {
thread_local std::vector<Context*> below;
}

EXPORTED int cuCtxPushCurrent_v2(Context* context) {
  CALL_WITHOUT_CONTEXT("cuCtxPushCurrent");
  if (context == nullptr || context->users == 0) return refuse(INVALID_CONTEXT, "no context to push");
  below.push_back(current);
  current = context;
  return SUCCESS;
}

EXPORTED int cuCtxPopCurrent_v2(Context** context) {
  CALL_WITHOUT_CONTEXT("cuCtxPopCurrent");
  if (current == nullptr || below.empty()) return refuse(INVALID_CONTEXT, "no context to pop");
  if (context != nullptr) *context = current;
  current = below.back();
  below.pop_back();
  return SUCCESS;
}
