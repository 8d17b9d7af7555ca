/* The part of Zephyr's kernel API that the samples use. */
#pragma once

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

struct k_sem {
    unsigned int count;
};
typedef struct {
    int64_t ms;
} k_timeout_t;

#define K_SEM_DEFINE(name, initial, limit) struct k_sem name = {initial}
#define K_MSEC(ms) ((k_timeout_t){(ms)})

#define K_NO_WAIT ((k_timeout_t){0})
#define K_USEC(us) ((k_timeout_t){(us) / 1000})

struct k_work {
    void (*handler)(struct k_work *work);
};
struct k_work_sync {
    int unused;
};
struct k_timer {
    void (*expiry)(struct k_timer *timer);
    bool runs;
};
struct k_msgq {
    char *buffer;
    size_t size, most, first, used;
};

#define K_WORK_DEFINE(name, function) struct k_work name = {function}
#define K_TIMER_DEFINE(name, function, stopped) struct k_timer name = {function, false}
#define K_MSGQ_DEFINE(name, bytes, count, alignment) \
    static char name##_buffer[(bytes) * (count)]; \
    struct k_msgq name = {name##_buffer, (bytes), (count), 0, 0}

int k_work_submit(struct k_work *work);
bool k_work_cancel_sync(struct k_work *work, struct k_work_sync *sync);
void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period);
void k_timer_stop(struct k_timer *timer);
int k_msgq_put(struct k_msgq *queue, const void *data, k_timeout_t timeout);
int k_msgq_get(struct k_msgq *queue, void *data, k_timeout_t timeout);
void k_msgq_purge(struct k_msgq *queue);
uint32_t k_msgq_num_used_get(struct k_msgq *queue);
int k_sem_take(struct k_sem *sem, k_timeout_t timeout);
void k_sem_give(struct k_sem *sem);
int32_t k_msleep(int32_t ms);
uint32_t k_cycle_get_32(void);
void k_panic(void);
