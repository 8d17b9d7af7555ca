/* A board's free-running counter behind port_ticks. */
#ifndef SCL_TIMER_H
#define SCL_TIMER_H

void timer_start(void);

#endif
