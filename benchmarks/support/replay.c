/* The yardstick of replay.py: the semantics of the compiled replay for one function, by hand.
 *
 * Most recently used reuse, fixed keep-alive, a cap that throttles, one unit of 10 requests a
 * second for each unit of concurrency left out. A binary heap of completions and a stack of idle
 * environments; nothing is allocated while it runs. */
#include <stdint.h>
#include <stdlib.h>

typedef struct {
    double when;
    int32_t slot;
    int32_t pad;
} Done;

/* Returns the number of cold starts; -1 without memory. code: 0 warm, 1 cold, 3 throttled. */
int64_t replay(int64_t n, const double *arrival, const double *busy, double init,
               double keep_alive, int64_t cap, int8_t *code, int32_t *environment) {
    Done *heap = malloc((size_t)(cap + 1) * sizeof *heap);
    int32_t *idle = malloc((size_t)(cap + 1) * sizeof *idle);
    double *until = malloc((size_t)(cap + 1) * sizeof *until);
    int64_t size = 0, bottom = 0, top = 0, cold = 0;
    int32_t serial = 0;
    if (!heap || !idle || !until) {
        free(heap), free(idle), free(until);
        return -1;
    }
    for (int64_t i = 0; i < n; i++) {
        double now = arrival[i];
        while (size > 0 && heap[0].when <= now) {
            Done done = heap[0], last = heap[--size];
            int64_t hole = 0, child = 1;
            while (child < size) {
                if (child + 1 < size && heap[child + 1].when < heap[child].when) child++;
                if (heap[child].when >= last.when) break;
                heap[hole] = heap[child];
                hole = child;
                child = 2 * hole + 1;
            }
            heap[hole] = last;
            /* Those whose time is over lie at the bottom of the stack: drop them by moving all. */
            if (top > cap - 1) {
                int64_t kept = 0;
                for (int64_t k = bottom; k < top; k++) idle[kept] = idle[k], until[kept++] = until[k];
                bottom = 0;
                top = kept;
            }
            idle[top] = done.slot;
            until[top++] = done.when + keep_alive;
        }
        while (bottom < top && until[bottom] <= now) bottom++;
        if (bottom == top) bottom = top = 0;
        if (size >= cap) {
            code[i] = 3;
            environment[i] = -1;
            continue;
        }
        int32_t slot;
        double end = now + busy[i];
        if (top > bottom) {
            slot = idle[--top];
            code[i] = 0;
        } else {
            slot = serial++;
            code[i] = 1;
            end = now + (busy[i] + init);
            cold++;
        }
        environment[i] = slot;
        int64_t hole = size++;
        while (hole > 0 && heap[(hole - 1) / 2].when > end) {
            heap[hole] = heap[(hole - 1) / 2];
            hole = (hole - 1) / 2;
        }
        heap[hole].when = end;
        heap[hole].slot = slot;
    }
    free(heap), free(idle), free(until);
    return cold;
}
