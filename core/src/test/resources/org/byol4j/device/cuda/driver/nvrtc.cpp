// NVRTC as device.cuda calls it: libnvrtc.so.N for tests. It compiles nothing; what it makes names the kernels that the
// driver for tests has been told of.

#include <cstring>
#include <string>

#define EXPORTED extern "C" __attribute__((visibility("default")))

struct Program {
  std::string source, name, made;
};

enum { SUCCESS = 0, INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5, COMPILATION = 6 };

EXPORTED int nvrtcVersion(int* major, int* minor) {
  *major = CUDA_LINE;
  *minor = 0;
  return SUCCESS;
}

EXPORTED const char* nvrtcGetErrorString(int status) { return status == SUCCESS ? "NVRTC_SUCCESS" : "NVRTC_ERROR"; }

EXPORTED int nvrtcGetNumSupportedArchs(int* count) {
  *count = 2;
  return SUCCESS;
}

EXPORTED int nvrtcGetSupportedArchs(int* all) {
  all[0] = 75;
  all[1] = 90;
  return SUCCESS;
}

EXPORTED int nvrtcCreateProgram(Program** made, const char* source, const char* name, int headers, const char**,
                                const char**) {
  if (headers != 0) return INVALID_INPUT;
  *made = new Program{source, name, ""};
  return SUCCESS;
}

EXPORTED int nvrtcDestroyProgram(Program** program) {
  delete *program;
  *program = nullptr;
  return SUCCESS;
}

EXPORTED int nvrtcCompileProgram(Program* program, int count, const char* const* options) {
  std::string element = "FP32", architecture;
  for (int i = 0; i < count; i++) {
    std::string option = options[i];
    if (option == "-DELEMENT_BF16") {
      element = "BF16";
    } else if (option.rfind("--gpu-architecture=", 0) == 0) {
      architecture = option.substr(option.find('=') + 1);
    } else if (option != "--std=c++17") {
      return INVALID_OPTION;
    }
  }
  size_t end = program->name.rfind(".cu");
  if (architecture != "sm_90" || end == std::string::npos) return INVALID_OPTION;
  if (program->source.find("__global__") == std::string::npos) return COMPILATION;
  program->made = "host kernels " + element + " " + program->name.substr(0, end);
  return SUCCESS;
}

EXPORTED int nvrtcGetProgramLogSize(Program*, size_t* bytes) {
  *bytes = 1;
  return SUCCESS;
}

EXPORTED int nvrtcGetProgramLog(Program*, char* text) {
  *text = 0;
  return SUCCESS;
}

EXPORTED int nvrtcGetCUBINSize(Program* program, size_t* bytes) {
  *bytes = program->made.size() + 1;
  return program->made.empty() ? INVALID_PROGRAM : SUCCESS;
}

EXPORTED int nvrtcGetCUBIN(Program* program, char* code) {
  std::memcpy(code, program->made.c_str(), program->made.size() + 1);
  return SUCCESS;
}

EXPORTED int nvrtcGetPTXSize(Program*, size_t*) { return INVALID_PROGRAM; }

EXPORTED int nvrtcGetPTX(Program*, char*) { return INVALID_PROGRAM; }
