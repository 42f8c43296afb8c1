/**
 * Typed access to HOCON configuration that collects every mistake with its file, line and key.
 *
 * <p>{@link dev.syncnorm.configuration.Settings} is the only way to a value; it knows no key of its
 * own: each part of the program reads what it understands, and what nobody read is an unknown key.
 */
package dev.syncnorm.configuration;
