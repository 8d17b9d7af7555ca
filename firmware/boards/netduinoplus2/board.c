/* Netduino Plus 2 and other boards with an STM32F405: USART1 on PB6 (TX) and PB7 (RX). Registers: ST reference manual RM0090.
 *
 * QEMU models the USART and the core, but neither the clock tree (its core always runs at 168 MHz) nor the pins: those registers
 * read 0 there, so nothing here waits for one of their flags without a limit. */
#include "cortex_m.h"
#include "uart.h"

enum { APB2_HZ = CLOCK_HZ / 2 };

#define FLASH_ACR REGISTER(0x40023C00u)
#define RCC_CR REGISTER(0x40023800u)
#define RCC_PLLCFGR REGISTER(0x40023804u)
#define RCC_CFGR REGISTER(0x40023808u)
#define RCC_AHB1ENR REGISTER(0x40023830u)
#define RCC_APB2ENR REGISTER(0x40023844u)

#define GPIOB_MODER REGISTER(0x40020400u)
#define GPIOB_PUPDR REGISTER(0x4002040Cu)
#define GPIOB_AFRL REGISTER(0x40020420u)

#define USART1_SR REGISTER(0x40011000u)
#define USART1_DR REGISTER(0x40011004u)
#define USART1_BRR REGISTER(0x40011008u)
#define USART1_CR1 REGISTER(0x4001100Cu)
enum { SR_OVERRUN = 1 << 3, SR_RX_NOT_EMPTY = 1 << 5, SR_TX_EMPTY = 1 << 7 };
enum { CR1_RX = 1 << 2, CR1_TX = 1 << 3, CR1_RX_INTERRUPT = 1 << 5, CR1_ENABLE = 1 << 13 };

/* 168 MHz from the internal oscillator (16 MHz, 1 %), so that the same code runs on boards with any crystal. */
static void start_clock(void)
{
    enum { SWITCH_TRIES = 100000 };                /* over 10 ms at 16 MHz; the PLL locks in 0.3 ms */
    FLASH_ACR = 5u | 1u << 8 | 1u << 9 | 1u << 10; /* 5 wait states, prefetch, instruction and data cache */
    RCC_PLLCFGR = 8u | 168u << 6 | 0u << 16 | 7u << 24; /* 16 MHz / 8 * 168 / 2 from HSI; / 7: 48 MHz */
    RCC_CFGR = 5u << 10 | 4u << 13;                /* APB1 = core / 4, APB2 = core / 2 */
    RCC_CR |= 1u << 24;                            /* PLLON */
    RCC_CFGR |= 2u;                                /* to the PLL; the hardware switches once it is locked */
    for (uint32_t i = 0; i < SWITCH_TRIES && (RCC_CFGR >> 2 & 3u) != 2u; i++) {
    }
}

void uart_start(void)
{
    start_clock();
    RCC_AHB1ENR |= 1u << 1; /* GPIOB */
    RCC_APB2ENR |= 1u << 4; /* USART1 */
    (void)RCC_APB2ENR;      /* a clock is there two cycles after it was enabled */
    GPIOB_AFRL = (GPIOB_AFRL & 0x00FFFFFFu) | 0x77000000u;            /* PB6, PB7: AF7 */
    GPIOB_PUPDR = (GPIOB_PUPDR & ~(0xFu << 12)) | 1u << 14;           /* PB7 up: quiet when nothing is connected */
    GPIOB_MODER = (GPIOB_MODER & ~(0xFu << 12)) | 2u << 12 | 2u << 14; /* alternate function */
    USART1_BRR = (APB2_HZ + PORT_BAUD / 2) / PORT_BAUD;
    USART1_CR1 = CR1_ENABLE | CR1_TX | CR1_RX | CR1_RX_INTERRUPT;
}

void uart_handler(void)
{
    const uint32_t status = USART1_SR;
    if (!(status & (SR_RX_NOT_EMPTY | SR_OVERRUN))) {
        return;
    }
    const uint8_t byte = (uint8_t)USART1_DR; /* SR, then DR: clears both flags */
    if (status & SR_OVERRUN) {
        uart_lost();
    }
    if (status & SR_RX_NOT_EMPTY) { /* else it is the byte before the lost one, which was read already */
        uart_received(byte);
    }
}

void uart_send(uint8_t byte)
{
    while (!(USART1_SR & SR_TX_EMPTY)) {
    }
    USART1_DR = byte;
}
