// The driver's functions that cuDNN looks for when it plans; none does anything. With it cuDNN plans on a
// machine without a driver, also what it compiles as it plans. For tests only, never beside a program:
//
//   gcc -shared -fPIC -Wl,-soname,libcuda.so.1 -o /tmp/stub/libcuda.so.1 driver_stub.c

#define NOTHING(name) \
  int name(void) { return 0; }

NOTHING(cuCtxGetLimit)
NOTHING(cuCtxPopCurrent)
NOTHING(cuCtxPushCurrent)
NOTHING(cuGetErrorName)
NOTHING(cuGetErrorString)
NOTHING(cuKernelGetAttribute)
NOTHING(cuKernelSetAttribute)
NOTHING(cuLaunchCooperativeKernel)
NOTHING(cuLaunchKernel)
NOTHING(cuLaunchKernelEx)
NOTHING(cuLibraryUnload)
NOTHING(cuLinkAddData)
NOTHING(cuLinkComplete)
NOTHING(cuLinkCreate)
NOTHING(cuLinkDestroy)
NOTHING(cuOccupancyMaxPotentialClusterSize)
NOTHING(cuStreamGetCtx)

// handles that are not null
static int handle(void** made) {
  *made = (void*)8;
  return 0;
}

int cuCtxGetCurrent(void** made) { return handle(made); }
int cuLibraryGetKernel(void** made) { return handle(made); }
int cuLibraryLoadData(void** made) { return handle(made); }
int cuLibraryLoadFromFile(void** made) { return handle(made); }

static int number(int* to, int value) {
  *to = value;
  return 0;
}

int cuDeviceGet(int* device) { return number(device, 0); }
int cuDeviceGetCount(int* count) { return number(count, 1); }
int cuDriverGetVersion(int* version) { return number(version, 13000); }
