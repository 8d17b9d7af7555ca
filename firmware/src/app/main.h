/* Where boards go after their own start-up. */
#ifndef SCL_MAIN_H
#define SCL_MAIN_H

#ifdef __cplusplus
extern "C" {
#endif

/* The foreground loop; does not return. */
void scl_main(void);

#ifdef __cplusplus
}
#endif

#endif
