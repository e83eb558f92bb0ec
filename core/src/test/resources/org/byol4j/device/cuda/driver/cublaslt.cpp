// cuBLASLt as device.cuda calls it, one algorithm that multiplies from the definition: libcublasLt.so.N for tests.

#include <cstring>
#include <set>

#include "other.h"

namespace {

enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };
enum { R_32F = 0, R_16BF = 14 };
enum { TRANSPOSE_A = 3, TRANSPOSE_B = 4, REDUCTION_SCHEME = 3, IMPLEMENTATION_FLAGS = 15 };

struct Description {
  int transposed[2];
};

struct Layout {
  int type;
  uint64_t rows, columns;
  int64_t distance;
};

struct Algorithm {
  uint64_t words[8];
};

// cublasLtMatmulHeuristicResult_t
struct Found {
  Algorithm algorithm;
  size_t workspaceBytes;
  int state;
  float waves;
  int reserved[4];
};

constexpr Algorithm ONLY = {{7, 0, 0, 0, 0, 0, 0, 0}};

// handles, descriptions, layouts and preferences that are not destroyed
std::set<void*> alive;

template <typename T>
T* kept(T* made) {
  alive.insert(made);
  return made;
}

template <typename T>
int destroyed(T* what) {
  ALONE;
  if (alive.erase(what) == 0) return INVALID;
  delete what;
  return SUCCESS;
}

float widen(const void* from, bool isHalf, int64_t i) {
  if (!isHalf) return ((const float*)from)[i];
  union {
    uint32_t bits;
    float value;
  } u = {(uint32_t)((const uint16_t*)from)[i] << 16};
  return u.value;
}

void narrow(void* to, bool isHalf, int64_t i, float value) {
  if (!isHalf) {
    ((float*)to)[i] = value;
    return;
  }
  union {
    float value;
    uint32_t bits;
  } u = {value};
  ((uint16_t*)to)[i] = (uint16_t)((u.bits + 0x7fff + ((u.bits >> 16) & 1)) >> 16);
}

struct Factor {
  const void* from;
  bool isHalf, isTransposed;
  int64_t distance;

  double at(int64_t row, int64_t column) const {
    return widen(from, isHalf, isTransposed ? row * distance + column : column * distance + row);
  }
};

struct Product {
  Factor a, b;
  void* d;
  bool isHalf;
  int64_t rows, columns, inner, distance;
  float alpha, beta;
  size_t bytesOfA, bytesOfB, bytesOfD;
};

int multiply(void* what) {
  Product& p = *(Product*)what;
  if (int status = hostDriverHas((uintptr_t)p.a.from, p.bytesOfA)) return status;
  if (int status = hostDriverHas((uintptr_t)p.b.from, p.bytesOfB)) return status;
  if (int status = hostDriverHas((uintptr_t)p.d, p.bytesOfD)) return status;
  for (int64_t column = 0; column < p.columns; column++) {
    for (int64_t row = 0; row < p.rows; row++) {
      double sum = 0;
      for (int64_t i = 0; i < p.inner; i++) sum += p.a.at(row, i) * p.b.at(i, column);
      int64_t place = column * p.distance + row;
      float made = p.alpha * (float)sum;
      // what is there counts for nothing, whatever it is, unless it is asked for
      narrow(p.d, p.isHalf, place, p.beta == 0 ? made : p.beta * widen(p.d, p.isHalf, place) + made);
    }
  }
  return 0;
}

bool areTypes(const Layout* a, const Layout* b, const Layout* d) {
  return a->type == b->type && (a->type == R_32F || a->type == R_16BF) && (d->type == R_32F || d->type == a->type);
}

bool fits(const Description* description, const Layout* a, const Layout* b, const Layout* c, const Layout* d) {
  for (const void* part : {(const void*)description, (const void*)a, (const void*)b, (const void*)c, (const void*)d}) {
    if (alive.count((void*)part) == 0) return false;
  }
  uint64_t rows = description->transposed[0] ? a->columns : a->rows;
  uint64_t inner = description->transposed[0] ? a->rows : a->columns;
  uint64_t second = description->transposed[1] ? b->columns : b->rows;
  uint64_t columns = description->transposed[1] ? b->rows : b->columns;
  return inner == second && rows == d->rows && columns == d->columns && c->rows == d->rows &&
         c->columns == d->columns && c->type == d->type && areTypes(a, b, d);
}

size_t bytesOf(const Layout* layout) {
  return (size_t)layout->distance * layout->columns * (layout->type == R_16BF ? 2 : 4);
}

}  // namespace

EXPORTED size_t cublasLtGetVersion() { return 10000 * CUDA_LINE + 100; }

EXPORTED void hostCublasLtFail(int status) { failingStatus = status; }

EXPORTED int hostCublasLtHeld() { return (int)alive.size(); }

EXPORTED int cublasLtCreate(void** handle) {
  ALONE;
  size_t free, total;
  if (failingStatus != 0) return failingStatus;
  if (cuMemGetInfo_v2(&free, &total) != 0) return NOT_INITIALIZED;
  *handle = kept(new int());
  return SUCCESS;
}

EXPORTED int cublasLtDestroy(int* handle) { return destroyed(handle); }

EXPORTED int cublasLtMatmulDescCreate(Description** made, int, int type) {
  ALONE;
  *made = kept(new Description{{0, 0}});
  return type == R_32F ? SUCCESS : INVALID;
}

EXPORTED int cublasLtMatmulDescSetAttribute(Description* description, int attribute, const int* value, size_t bytes) {
  ALONE;
  if (alive.count(description) == 0 || bytes != sizeof(int)) return INVALID;
  if (attribute != TRANSPOSE_A && attribute != TRANSPOSE_B) return INVALID;
  description->transposed[attribute - TRANSPOSE_A] = *value;
  return SUCCESS;
}

EXPORTED int cublasLtMatmulDescDestroy(Description* description) { return destroyed(description); }

EXPORTED int cublasLtMatrixLayoutCreate(Layout** made, int type, uint64_t rows, uint64_t columns, int64_t distance) {
  ALONE;
  *made = kept(new Layout{type, rows, columns, distance});
  return distance >= (int64_t)rows ? SUCCESS : INVALID;
}

EXPORTED int cublasLtMatrixLayoutDestroy(Layout* layout) { return destroyed(layout); }

EXPORTED int cublasLtMatmulPreferenceCreate(void** made) {
  ALONE;
  *made = kept(new int());
  return SUCCESS;
}

EXPORTED int cublasLtMatmulPreferenceSetAttribute(void* preference, int, const void*, size_t) {
  ALONE;
  return alive.count(preference) != 0 ? SUCCESS : INVALID;
}

EXPORTED int cublasLtMatmulPreferenceDestroy(int* preference) { return destroyed(preference); }

EXPORTED int cublasLtMatmulAlgoGetHeuristic(void* handle, Description* description, Layout* a, Layout* b, Layout* c,
                                            Layout* d, void* preference, int most, Found* found, int* count) {
  ALONE;
  *count = 0;
  if (alive.count(handle) == 0 || alive.count(preference) == 0 || most < 1) return INVALID;
  if (!fits(description, a, b, c, d)) return NOT_SUPPORTED;
  *found = {ONLY, 0, SUCCESS, 1, {0, 0, 0, 0}};
  *count = 1;
  return SUCCESS;
}

EXPORTED int cublasLtMatmulAlgoCheck(void* handle, Description* description, Layout* a, Layout* b, Layout* c,
                                     Layout* d, const Algorithm* algorithm, Found* found) {
  ALONE;
  if (alive.count(handle) == 0) return INVALID;
  if (std::memcmp(algorithm, &ONLY, sizeof ONLY) != 0 || !fits(description, a, b, c, d)) return NOT_SUPPORTED;
  *found = {ONLY, 0, SUCCESS, 1, {0, 0, 0, 0}};
  return SUCCESS;
}

EXPORTED int cublasLtMatmulAlgoConfigGetAttribute(const Algorithm*, int attribute, void* value, size_t bytes,
                                                  size_t* written) {
  ALONE;
  if (attribute != REDUCTION_SCHEME || bytes < sizeof(int)) return INVALID;
  *(int*)value = 0;
  *written = sizeof(int);
  return SUCCESS;
}

EXPORTED int cublasLtMatmulAlgoCapGetAttribute(const Algorithm*, int attribute, void* value, size_t bytes,
                                               size_t* written) {
  ALONE;
  if (attribute != IMPLEMENTATION_FLAGS || bytes < sizeof(int64_t)) return INVALID;
  *(int64_t*)value = 0;
  *written = sizeof(int64_t);
  return SUCCESS;
}

// Factors of host memory are taken now.
EXPORTED int cublasLtMatmul(void* handle, Description* description, const float* alpha, const void* a, Layout* layoutA,
                            const void* b, Layout* layoutB, const float* beta, const void* c, Layout* layoutC, void* d,
                            Layout* layoutD, const Algorithm* algorithm, void*, size_t, void* stream) {
  ALONE;
  if (alive.count(handle) == 0 || !fits(description, layoutA, layoutB, layoutC, layoutD)) return INVALID;
  if (std::memcmp(algorithm, &ONLY, sizeof ONLY) != 0 || c != d) return NOT_SUPPORTED;
  if (((uintptr_t)a | (uintptr_t)b | (uintptr_t)d) % 16 != 0) return INVALID;
  bool transposedA = description->transposed[0] != 0;
  bool isHalf = layoutA->type == R_16BF;
  Product product = {
      {a, isHalf, transposedA, layoutA->distance},
      {b, isHalf, description->transposed[1] != 0, layoutB->distance},
      d,
      layoutD->type == R_16BF,
      (int64_t)layoutD->rows,
      (int64_t)layoutD->columns,
      (int64_t)(transposedA ? layoutA->rows : layoutA->columns),
      layoutD->distance,
      *alpha,
      *beta,
      bytesOf(layoutA),
      bytesOf(layoutB),
      bytesOf(layoutD)};
  return hostDriverStart(stream, multiply, &product, sizeof product) == 0 ? SUCCESS : EXECUTION_FAILED;
}
